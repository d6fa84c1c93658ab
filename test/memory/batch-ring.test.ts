/**
 * The batch ring step by step, in random orders: one writer, who fills slots or lends a file, some readers, and readers
 * whose threads are ended before any of their steps and replaced whenever that is. Steps come in the middle of others. MEMBENCH_RUNS says how many orders (2000).
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { CONTROL, COUNTER_NAMES, INDEX_STATE, SLOT } from '#src/layout/generated.js';
import { RingWriter } from '#src/memory/batch-ring.js';
import { type MemoryMap, mapMemory } from '#src/memory/map.js';
import { type Read, RingReader, type Work } from '#src/memory/ring-reader.js';
import { WorkerState } from '#src/memory/worker-state.js';
import { Death, Steps } from '../support/deaths.js';

const SLOTS = 3;
const SLOT_SIZE = 65536;
const SEEN = COUNTER_NAMES.indexOf('packets_seen');
const DECODED = COUNTER_NAMES.indexOf('packets_decoded');
const LOST = COUNTER_NAMES.indexOf('lost_worker_failed');

/** What is known of the ring without looking at it. */
interface Model {
  published: number;
  /** A file was lent, and is not known to be back. */
  lent: boolean;
  ended: boolean;
  readers: number;
}

/** One reader, and what it did. */
class Reader {
  ring: RingReader;
  readonly state: WorkerState;
  /** What it is at. */
  work: Work | undefined;
  dead = false;
  ended = false;
  /** The signal it sleeps on. */
  asleep: number | undefined;
  /** Numbers of the slots it has decoded. */
  readonly decoded: number[] = [];
  flushes = 0;
  deaths = 0;
  /** In the middle of a step. */
  busy = false;
  readonly #real: Real;
  readonly #worker: number;

  constructor(real: Real, worker: number) {
    this.#real = real;
    this.#worker = worker;
    this.ring = this.#open();
    this.state = new WorkerState(real.buffer, real.map, worker);
  }

  #open(): RingReader {
    return new RingReader(this.#real.buffer, this.#real.map, this.#worker, (_, __, signal) => {
      this.asleep = signal;
    });
  }

  /** Takes something to do, or does it. */
  act(): void {
    const { work } = this;
    if (work === undefined) {
      this.asleep = undefined;
      const taken = this.ring.take();
      if (taken === null) this.ring.wait();
      else if (taken.kind === 'flush') this.flushes++;
      else if (taken.kind === 'end') this.ended = true;
      else this.work = taken;
    } else if (work.kind === 'read') {
      this.ring.readDone(this.#real.read(work));
      this.work = undefined;
    } else if (work.kind === 'index') {
      const size = this.ring.sizeOf(work.slot);
      this.#index(work.slot, size);
      this.ring.indexDone(size);
      this.work = undefined;
    } else if (work.kind === 'decode') {
      this.#decode(work.slot);
      this.ring.decodeDone();
      this.work = undefined;
    }
  }

  /** One packet in each reader's list, if there are any. */
  #index(slot: number, size: number): void {
    const { walked, map, buffer } = this.#real;
    const packets = size > 0 ? 1 : 0;
    for (let worker = 0; worker < map.workers; worker++) {
      new DataView(buffer, slot + map.listOffset + worker * map.listStride).setUint32(0, packets, true);
    }
    this.state.counters[SEEN]! += BigInt(map.workers * packets);
    if (packets === 0) return;
    const number = this.#real.numberIn(slot);
    assert.ok(number > (walked.at(-1) ?? -1), 'slots are indexed in order, each once');
    walked.push(number);
  }

  #decode(slot: number): void {
    const { map, buffer } = this.#real;
    const list = slot + map.listOffset + this.#worker * map.listStride;
    const packets = new DataView(buffer, list).getUint32(0, true);
    this.state.counters[DECODED]! += BigInt(packets);
    if (packets === 0) return;
    const number = this.#real.numberIn(slot);
    assert.ok(number > (this.decoded.at(-1) ?? -1), 'slots are decoded in order, each once');
    this.decoded.push(number);
  }

  /** What recover does. */
  takeOver(): void {
    this.ring = this.#open();
    this.state.planLoss(() => this.ring.lost());
    this.state.loseUnsealed();
    this.ring.giveUp();
    this.state.end();
    this.dead = false;
  }
}

class Real {
  readonly map: MemoryMap;
  readonly buffer: SharedArrayBuffer;
  readonly writer: RingWriter;
  readonly readers: Reader[];
  readonly control: Int32Array;
  readonly steps = new Steps();
  /** Numbers of the chunks that were walked. */
  readonly walked: number[] = [];
  /** Threads that were ended with a slot to index at hand: what was in it nobody decodes. */
  walksCut = 0;
  #published = 0;
  /** Bytes of the file: chunk k lies at k × SLOT_SIZE. */
  #fileSize = 0;

  /** @param before slots that went through already */
  constructor(workers: number, before: number) {
    this.map = mapMemory({ workers, slots: SLOTS, slotSize: SLOT_SIZE, state: 1 << 16, blockEvents: 16 });
    this.buffer = new SharedArrayBuffer(this.map.pages * 65536);
    this.control = new Int32Array(this.buffer, this.map.control, CONTROL.SIZE / 4);
    this.control[CONTROL.next / 4] = before;
    this.control[CONTROL.indexed / 4] = before;
    for (let worker = 0; worker < workers; worker++) {
      new WorkerState(this.buffer, this.map, worker).position = before;
    }
    this.writer = new RingWriter(this.buffer, this.map);
    this.readers = Array.from({ length: workers }, (_, worker) => new Reader(this, worker));
  }

  word(offset: number): number {
    return this.control[offset / 4]!;
  }

  /** Number of the slot to be filled next, whoever fills it. */
  get taken(): number {
    const next = this.word(CONTROL.next);
    return next < 0 ? ~next : next;
  }

  get published(): number {
    return this.#published;
  }

  /** Lends a file that goes on for some bytes. */
  lend(bytes: number): void {
    const offset = this.#published * SLOT_SIZE;
    this.#fileSize = offset + bytes;
    this.writer.lend(3, offset);
  }

  /** What a worker does with its slot. */
  read({ slot, fd, offset }: Read): number {
    assert.equal(fd, 3);
    const size = Math.min(Math.max(this.#fileSize - offset, 0), SLOT_SIZE);
    if (size > 0) this.#setNumber(slot + this.map.chunkOffset, offset / SLOT_SIZE);
    return size;
  }

  /** The file is back: what of it was walked, or may have been where a walk was cut off, is over. */
  takeOver(): void {
    assert.ok(this.writer.walked <= this.#fileSize);
    const walked = Math.ceil(this.writer.walked / SLOT_SIZE);
    this.#published = Math.max(walked, (this.walked.at(-1) ?? -1) + 1);
  }

  #setNumber(chunk: number, number: number): void {
    new DataView(this.buffer, chunk).setUint32(0, number, true);
  }

  publish(): boolean {
    const chunk = this.writer.acquire();
    if (chunk === null) return false;
    this.#setNumber(chunk.byteOffset, this.#published++);
    this.writer.publish(4);
    return true;
  }

  /** Number of the chunk that lies in a slot. */
  numberIn(slot: number): number {
    return new DataView(this.buffer, slot + this.map.chunkOffset).getUint32(0, true);
  }

  /** Runs a step of a reader, which is ended before the n-th thing others can see of it, if there are so many. */
  act(reader: Reader, n: number): void {
    this.steps.dieAfter(n);
    reader.busy = true;
    try {
      this.steps.of(() => (reader.dead ? reader.takeOver() : reader.act()));
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      reader.dead = true;
      reader.deaths++;
      if (reader.work?.kind === 'index') this.walksCut++;
      reader.work = undefined;
      reader.asleep = undefined;
    } finally {
      reader.busy = false;
    }
  }

  check(model: Model): void {
    if (this.readers.some(({ busy }) => busy)) return;
    const numbers = Math.floor(2 ** 31 / SLOTS) * SLOTS;
    const { taken } = this;
    const behind = (number: number) => (taken - number + numbers) % numbers;
    const indexed = behind(this.word(CONTROL.indexed));
    const positions = this.readers.map(({ state }) => behind(state.position));
    // freed ≤ position ≤ indexed ≤ next ≤ freed + slots
    for (const position of positions) assert.ok(indexed <= position && position <= SLOTS);
    assert.equal(this.#published, model.published);
    assert.equal(this.writer.acquire() === null, Math.max(...positions) === SLOTS);
    const lock = this.word(CONTROL.lock);
    for (const [worker, reader] of this.readers.entries()) {
      if (reader.work?.kind === 'index') assert.equal(lock, worker + 1);
    }
    if (this.readers.some(({ dead }) => dead)) return;
    if (lock !== 0)
      assert.equal(this.readers[lock - 1]!.work?.kind, 'index', 'nobody holds the lock for nothing');
    // Nobody sleeps while there is something to do and no signal came.
    const isAsleep = ({ asleep }: Reader) => asleep === this.word(CONTROL.signal);
    const lead = 3;
    for (const [worker, reader] of this.readers.entries()) {
      if (!isAsleep(reader)) continue;
      const position = positions[worker]!;
      const filled = this.#filled(this.word(CONTROL.indexed));
      const mayIndex = filled < 0 && lock === 0 && position - indexed < lead;
      const mayRead = this.word(CONTROL.next) < 0 && position < lead && Math.max(...positions) < SLOTS;
      assert.ok(position === indexed, 'asleep with a slot to decode');
      // Whoever has read a slot looks next whether it can be indexed, and signals then to one that was late to take it.
      assert.ok(!mayIndex || (filled === -2 && !this.readers.every(isAsleep)), 'asleep with a slot to index');
      assert.ok(!mayRead || !this.readers.every(isAsleep), 'asleep with a slot to read');
      assert.ok(!model.ended || position > 0, 'asleep at the end');
    }
  }

  /** What fills the slot of a number. */
  #filled(number: number): number {
    const { slotBase, slotStride } = this.map;
    const head = slotBase + (number % SLOTS) * slotStride;
    return new DataView(this.buffer, head).getInt32(SLOT.filled, true);
  }

  /** Everything that is left to be done is done, in a bounded number of steps. */
  finish(model: Model): void {
    for (let round = 0; this.readers.some(({ ended }) => !ended); round++) {
      assert.ok(round < 100 * (SLOTS + 1) * this.readers.length, 'nobody gets on');
      if (model.lent && !this.writer.lent) giveBack(model, this);
      if (!model.lent && !model.ended) new End().run(model, this);
      for (const reader of this.readers) if (!reader.ended) this.act(reader, Number.POSITIVE_INFINITY);
      this.check(model);
    }
    const sum = (counter: number) => this.readers.reduce((n, { state }) => n + state.counters[counter]!, 0n);
    assert.equal(sum(SEEN), sum(DECODED) + sum(LOST), 'seen = decoded + lost');
    const deaths = this.readers.reduce((n, reader) => n + reader.deaths, 0);
    assert.ok(model.published - this.walked.length <= deaths);
    for (const reader of this.readers) {
      assert.ok(
        this.walked.length - reader.decoded.length <= reader.deaths + this.walksCut,
        'only a reader that died misses a slot',
      );
    }
    // What could not be walked is said.
    if (this.walked.length < model.published) {
      assert.equal(new DataView(this.buffer, this.map.indexState).getUint32(INDEX_STATE.error, true), 1);
    }
  }
}

type Command = fc.Command<Model, Real>;

class Publish implements Command {
  check = (model: Model) => !model.ended && !model.lent;
  run(model: Model, real: Real): void {
    if (real.publish()) model.published++;
    real.check(model);
  }
  toString = () => 'publish';
}

class Flush implements Command {
  check = () => true;
  run(model: Model, real: Real): void {
    real.writer.flush();
    real.check(model);
  }
  toString = () => 'flush';
}

/** The file is lent with so many bytes left. */
class Lend implements Command {
  readonly #bytes: number;
  constructor(bytes: number) {
    this.#bytes = bytes;
  }
  check = (model: Model) => !model.ended && !model.lent;
  run(model: Model, real: Real): void {
    real.lend(this.#bytes);
    model.lent = true;
    real.check(model);
  }
  toString = () => `lend ${this.#bytes}`;
}

function giveBack(model: Model, real: Real): void {
  real.takeOver();
  model.published = real.published;
  model.lent = false;
}

/** The writer looks whether the file is back, or takes it back. */
class Return implements Command {
  readonly #takeBack: boolean;
  constructor(takeBack: boolean) {
    this.#takeBack = takeBack;
  }
  check = (model: Model) => model.lent;
  run(model: Model, real: Real): void {
    if (this.#takeBack) real.writer.takeBack();
    if (!real.writer.lent) giveBack(model, real);
    real.check(model);
  }
  toString = () => (this.#takeBack ? 'take back' : 'look for the file');
}

class End implements Command {
  check = (model: Model) => !model.ended && !model.lent;
  run(model: Model, real: Real): void {
    real.writer.end();
    model.ended = true;
    real.check(model);
  }
  toString = () => 'end';
}

/** A reader's step, or the taking over of a dead one, which is cut short before its n-th store. */
class Act implements Command {
  readonly #reader: number;
  readonly #n: number;
  constructor(reader: number, n: number) {
    this.#reader = reader;
    this.#n = n;
  }
  check = () => true;
  run(model: Model, real: Real): void {
    const reader = real.readers[this.#reader % real.readers.length]!;
    if (!reader.ended && !reader.busy) real.act(reader, this.#n);
    real.check(model);
  }
  toString = () => `reader ${this.#reader}${this.#n < 100 ? ` dies after ${this.#n}` : ''}`;
}

/** A reader's step, in the middle of which others take theirs. */
class Race implements Command {
  readonly #reader: number;
  readonly #n: number;
  readonly #others: readonly Command[];
  constructor(reader: number, n: number, others: readonly Command[]) {
    this.#reader = reader;
    this.#n = n;
    this.#others = others;
  }
  check = () => true;
  run(model: Model, real: Real): void {
    real.steps.pauseBefore(this.#n, () => {
      for (const other of this.#others) if (other.check(model)) other.run(model, real);
    });
    new Act(this.#reader, ALIVE).run(model, real);
    real.steps.pauseBefore(ALIVE, () => {});
  }
  toString = () => `reader ${this.#reader}, before access ${this.#n}: (${this.#others.join(', ')})`;
}

const ALIVE = Number.POSITIVE_INFINITY;
const reader = fc.nat(2);
const often = <T>(times: number, command: T): T[] => Array.from({ length: times }, () => command);
const dies = fc.tuple(reader, fc.nat(12)).map(([i, n]): Command => new Act(i, n));
const acts = reader.map((i): Command => new Act(i, ALIVE));
// A file of some chunks and a bit.
const lend = fc.tuple(fc.nat(12), fc.constantFrom(0, 4)).map(([n, rest]) => new Lend(n * SLOT_SIZE + rest));
const back = fc.nat(5).map((n) => new Return(n === 0));
const publish = fc.constant<Command>(new Publish());
const others = fc.array(fc.oneof(...often(6, acts), dies, publish, lend, back), {
  minLength: 1,
  maxLength: 6,
});
const commands = fc.commands(
  [
    ...often(6, publish),
    ...often(2, lend),
    ...often(3, back),
    ...often(12, acts),
    ...often(
      4,
      fc.tuple(reader, fc.nat(50), others).map(([i, n, during]) => new Race(i, n, during)),
    ),
    ...often(3, dies),
    fc.constant(new Flush()),
    // Seldom: nothing comes behind it.
    fc.nat(20).map((n) => (n === 0 ? new End() : new Publish())),
  ],
  { maxCommands: 100, size: 'max' },
);
/** The numbers of slots start again behind the last that fits: some rings are almost there. */
const LAST = Math.floor(2 ** 31 / SLOTS) * SLOTS - 2;

test('any order of steps and deaths', (t) => {
  t.timeout(600_000);
  let deaths = 0;
  let slots = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, LAST),
      commands,
      (readers, before, steps) => {
        const model: Model = { published: 0, lent: false, ended: false, readers };
        const real = new Real(readers, before);
        fc.modelRun(() => ({ model, real }), steps);
        real.finish(model);
        deaths += real.readers.reduce((n, reader) => n + reader.deaths, 0);
        slots += model.published;
      },
    ),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 2000) },
  );
  t.log(`${slots} slots, ${deaths} deaths`);
  t.true(deaths > 0 && slots > 0);
});

test('a worker that waits for the writer is not at work, and goes on when blocks were written', (t) => {
  const real = new Real(2, 0);
  const state = real.readers[0]!.state;
  state.begin('decoding', 0n);
  t.true(state.works);
  state.setSent(20, state.totals());
  real.readers[1]!.state.setSent(12, state.totals());
  let waits = 0;
  const ring = new RingReader(real.buffer, real.map, 0, () => {
    waits++;
    t.false(state.works);
    t.is(state.phase, 'decoding', 'the batch is not over');
    real.writer.blockWritten();
  });
  ring.waitForWriter();
  t.is(waits, 1, '32 were on their way');
  ring.waitForWriter();
  t.is(waits, 1, '31 are');
  t.true(state.works);
});
