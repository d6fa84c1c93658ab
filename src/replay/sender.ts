import { performance } from 'node:perf_hooks';
import type { Commands } from './commands.js';
import { Connections } from './connections.js';
import { Idle } from './idle.js';
import type { Login } from './login.js';
import type { KeyQueue } from './pending.js';
import { Requests } from './requests.js';
import { Schedule, type Slice } from './schedule.js';
import { Settler } from './settle.js';
import type { Address } from './socket.js';
import { Tally } from './tally.js';
import { Values } from './values.js';
import { ValueChecker } from './verify.js';
import { Watch } from './watch.js';
import type { Wires } from './wire.js';

export interface SenderOptions {
  address: Address;
  login: Login | null;
  asap: boolean;
  compressible: number;
  /** Whether items are stored that were asked for and not there. */
  fill: boolean;
  /** Hashes of keys whose values are not checked; null where none are. */
  changed: ReadonlySet<number> | null;
  /** Milliseconds to wait for a connection or an answer. */
  timeout: number;
  /** Share of a second's commands that may fail. */
  maxErrors: number;
  /** Numbers of connections that are opened before the first request. */
  clients: readonly number[];
}

/** Why a slice ended. */
export type SliceEnd = 'end of profile' | 'duration' | 'requests' | 'stopped' | 'errors' | 'descriptors';

/** Requests and bytes that are encoded before they are flushed and answers are read. */
const TURN_REQUESTS = 256;
const TURN_BYTES = 1 << 20;
/** With asap: requests and bytes that are encoded ahead of their turn. */
const AHEAD_REQUESTS = 1 << 14;
/** The same where misses are filled: a fill is sent after all that. */
const AHEAD_OF_FILLS = 1 << 8;
const AHEAD_BYTES = 1 << 25;
/** Where this thread waits for its wires itself: milliseconds after which messages of other threads are read. */
const STAY = 1;
/** The same where nothing is sent or waited for. */
const STAY_IDLE = 5;
/** Milliseconds that the system may wake a thread late. */
const WAKE = 0.01;
/** Milliseconds between two looks at what is overdue. */
const LOOK = 50;
/** Milliseconds that quiet requests at the end are given, whose silence nothing proves. */
const QUIET_GRACE = 100;

/** Sends what is on the connections of one thread, each request when it is due, and reads the answers. */
export class Sender {
  readonly #commands: Commands;
  readonly #options: SenderOptions;
  readonly #wires: Wires;
  readonly #settler = new Settler(new Tally());
  readonly #connections: Connections;
  readonly #requests: Requests;
  #mergedBefore = 0;
  #slices = 0;
  readonly #watch: Watch;
  readonly #idle = new Idle();
  #schedule: Schedule | null = null;
  /** When the step at hand is due; NaN where that was not worked out yet. */
  #due = Number.NaN;
  #slice: Slice | null = null;
  #end: SliceEnd | null = null;
  #stopAt = 0;
  #resolve: ((end: SliceEnd) => void) | null = null;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds for which nothing is to be sent. */
  #wait = 0;
  #lookedAt = 0;

  /** @param baseNs Unix nanoseconds of the recording's first request */
  constructor(commands: Commands, options: SenderOptions, wires: Wires, baseNs: bigint) {
    this.#commands = commands;
    this.#options = options;
    this.#wires = wires;
    this.#watch = new Watch(options);
    const shared = { ...options, wires, settler: this.#settler, held: { bytes: 0 }, reading: null };
    const values = new Values(options.compressible);
    this.#connections = new Connections(shared, () => this.#soon());
    this.#requests = new Requests(commands, this.#settler, { ...options, values, baseNs });
    if (options.changed !== null) this.#settler.checker = new ValueChecker(values, options.changed);
    if (options.fill) this.#settler.onMiss = (keys, at) => this.#fillMiss(keys, at);
  }

  /** What was counted since the slice began. */
  get tally(): Tally {
    return this.#settler.tally;
  }

  /** Whether the first block was there. */
  get isReady(): boolean {
    if (this.#commands.step === 'waiting') this.#commands.advance();
    return this.#commands.step !== 'waiting';
  }

  /** Opens the connections that are there before the first request, and waits for them. */
  async prepare(): Promise<void> {
    const { clients } = this.#options;
    for (const number of clients) this.#connections.of(number).open(performance.now());
    const commands = this.#commands;
    while (commands.step === 'open' && commands.at <= 0) {
      if (commands.mine) this.#connections.of(commands.conn).open(performance.now());
      commands.advance();
    }
    const end = performance.now() + this.#options.timeout;
    while (this.#connections.isConnecting && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, STAY_IDLE));
      this.#wires.poll?.(0);
    }
  }

  /** Sends a slice, and waits for the answers. */
  run(slice: Slice): Promise<SliceEnd> {
    const { connections, reconnects } = this.#settler.tally;
    this.#settler.tally = new Tally();
    // Those opened before the first slice belong to it.
    if (this.#slices++ === 0) Object.assign(this.#settler.tally, { connections, reconnects });
    this.#slice = slice;
    this.#schedule = new Schedule(slice, this.#commands);
    this.#due = Number.NaN;
    this.#end = null;
    this.#watch.begin(performance.now());
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#tick();
    });
  }

  /** Ends the slice: what was sent is waited for. */
  stop(): void {
    if (this.#slice !== null) this.#finishSlice('stopped');
  }

  /** Looks again after a block has come. */
  wake(): void {
    this.#wait = 0;
    if (this.#slice !== null) this.#soon();
  }

  /** Closes all connections. */
  close(): void {
    this.#slice = null;
    clearTimeout(this.#timer);
    this.#connections.destroy();
    this.#wires.close();
  }

  /** Has the next turn come after the answers that are there were read. */
  #soon(): void {
    if (this.#isScheduled || this.#slice === null) return;
    this.#isScheduled = true;
    clearTimeout(this.#timer);
    setImmediate(this.#tick);
  }

  readonly #tick = (): void => {
    this.#isScheduled = false;
    const { poll } = this.#wires;
    const until = performance.now() + STAY;
    do {
      if (this.#slice === null) return;
      if (poll !== null) poll(Math.min(STAY, this.#wait - WAKE));
      this.#wait = this.#turn();
    } while (poll !== null && this.#isBusy && performance.now() < until);
    if (this.#slice !== null) this.#rest();
  };

  /** Sends what may be sent. Returns for how many milliseconds nothing more is due. */
  #turn(): number {
    let now = performance.now();
    let isMore = false;
    // What waited for answers or a connection goes first; its lateness is not the sender's.
    if (!this.#holdsBack) this.#connections.flush(false);
    if (this.#end === null) {
      // Answers are read between two turns, however late the sender is.
      isMore = this.#options.asap ? this.#fill(now) : this.#sendDue(now);
      this.#connections.flush(true);
      now = performance.now();
    }
    if (now - this.#lookedAt >= LOOK) this.#look(now);
    if (this.#end !== null && this.#isDrained(now)) this.#finish();
    if (isMore) return 0;
    if (this.#end !== null) return STAY;
    return this.#options.asap || Number.isNaN(this.#due) ? LOOK : Math.min(LOOK, this.#due - now);
  }

  /** Whether something is sent soon, or waited for. */
  get #isBusy(): boolean {
    const { underWay, waiting } = this.#settler;
    return underWay > 0 || waiting > 0 || this.#wait < STAY;
  }

  /** With asap: whether what is encoded belongs to the next slice, because the time of this one is over. */
  get #holdsBack(): boolean {
    return (
      this.#options.asap && this.#end !== null && this.#end !== 'end of profile' && this.#end !== 'requests'
    );
  }

  /** Encodes what is due. Returns whether there may be more of it at once. */
  #sendDue(now: number): boolean {
    let bytes = 0;
    for (let requests = 0; requests < TURN_REQUESTS && bytes < TURN_BYTES; ) {
      if (!this.#findDue(now) || this.#due > now) return false;
      if (this.#take(now, this.#due)) {
        requests++;
        bytes += this.#commands.command.valueSize;
      }
    }
    return true;
  }

  /** With asap: encodes ahead, as much as may wait. Returns whether there is more of it at once. */
  #fill(now: number): boolean {
    const settler = this.#settler;
    const ahead = this.#options.fill ? AHEAD_OF_FILLS : AHEAD_REQUESTS;
    for (let requests = 0; settler.waiting < ahead && settler.waitingBytes < AHEAD_BYTES; ) {
      if (!this.#findDue(now) || this.#due > now) return false;
      if (this.#take(now, now) && ++requests === TURN_REQUESTS) return true;
    }
    return false;
  }

  /** Works out when the next step is due. Returns false where there is none in this slice, or not yet. */
  #findDue(now: number): boolean {
    const commands = this.#commands;
    if (this.#end !== null) return false;
    if (commands.step === 'waiting') {
      commands.advance();
      if (commands.step === 'waiting') return false;
    }
    if (commands.step === 'end') {
      this.#finishSlice('end of profile');
      return false;
    }
    if (Number.isNaN(this.#due)) this.#due = this.#schedule!.due(commands);
    const { durationMs } = this.#slice!;
    const isLast = this.#due === Number.POSITIVE_INFINITY;
    if (!isLast && !(this.#options.asap && now - this.#schedule!.start >= durationMs)) return true;
    const isOver = this.#commands.requests - this.#schedule!.requests >= this.#slice!.requests;
    this.#finishSlice(isOver ? 'requests' : 'duration');
    return false;
  }

  /** Takes the step at hand. Returns whether it was a request of this thread. */
  #take(now: number, due: number): boolean {
    const commands = this.#commands;
    const { step, mine, conn } = commands;
    if (mine) {
      if (step === 'open') this.#connections.of(conn).open(now);
      else if (step === 'close') this.#connections.finish(conn);
      else this.#send(now, due);
    }
    commands.advance();
    this.#due = Number.NaN;
    return mine && step === 'request';
  }

  #send(now: number, due: number): void {
    const { command, conn } = this.#commands;
    const connection = this.#connections.of(conn, command.shape.udp);
    const refusal = connection.refusal(now);
    if (refusal !== null) {
      this.#settler.tally.refuse(command.shape.op, command.keys, refusal);
      return;
    }
    connection.open(now);
    this.#requests.put(connection, due);
    this.#connections.markDirty(connection);
  }

  #fillMiss(keys: KeyQueue, at: number): void {
    const connection = this.#connections.reading;
    if (connection === null || connection.state !== 'open') return;
    if (this.#requests.fill(connection, keys, at, connection.protocol)) {
      this.#connections.markDirty(connection);
      this.#soon();
    }
  }

  /** Looks for what is overdue, and whether too much fails. */
  #look(now: number): void {
    this.#lookedAt = now;
    const connections = this.#connections;
    connections.look(now, this.#options.timeout);
    if (connections.lacksDescriptors) this.#finishSlice('descriptors');
    if (this.#watch.isTooMuch(now, this.#settler.tally, connections.isAnyOpen)) this.#finishSlice('errors');
  }

  #finishSlice(end: SliceEnd): void {
    this.#end ??= end;
    if (this.#stopAt === 0) this.#stopAt = performance.now();
    this.#soon();
  }

  /** Whether everything is answered that was sent, or will not be. */
  #isDrained(now: number): boolean {
    const since = Math.max(this.#stopAt, this.#settler.now);
    if (now - since > this.#options.timeout + LOOK) return true;
    if (this.#settler.underWay === 0 && (this.#holdsBack || this.#settler.waiting === 0)) return true;
    return now - since > QUIET_GRACE && this.#connections.isQuiet(this.#holdsBack);
  }

  #finish(): void {
    const { tally } = this.#settler;
    this.#connections.giveUp(this.#holdsBack);
    tally.firstMs = performance.timeOrigin + this.#schedule!.start;
    tally.lastMs = performance.timeOrigin + Math.max(this.#stopAt, this.#settler.now);
    tally.keysMerged = this.#commands.shortKeys.merged - this.#mergedBefore;
    this.#mergedBefore = this.#commands.shortKeys.merged;
    for (const [reason, events] of this.#commands.leftOut) tally.leftOut[reason] = events;
    this.#commands.leftOut.clear();
    // A short slice may be over before the next look.
    const end = this.#connections.lacksDescriptors ? 'descriptors' : this.#end!;
    this.#slice = null;
    this.#stopAt = 0;
    clearTimeout(this.#timer);
    this.#resolve!(end);
  }

  /** Waits for the next turn: as long as possible without being late, and without leaving answers unread. */
  #rest(): void {
    if (this.#isScheduled) return;
    if (this.#wait <= 0) {
      this.#soon();
      return;
    }
    const timer = this.#idle.timerFor(this.#wait);
    if (this.#wires.poll !== null) {
      if (this.#isBusy || timer === 0) this.#soon();
      else this.#timer = setTimeout(this.#wakeUp, Math.min(STAY_IDLE, timer));
      return;
    }
    if (timer > 0 || this.#end !== null) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#tick, Math.max(1, timer));
      return;
    }
    const { underWay, now: heard } = this.#settler;
    this.#idle.sleep(this.#wait, underWay === 0 ? Number.POSITIVE_INFINITY : performance.now() - heard);
    this.#soon();
  }

  readonly #wakeUp = (): void => {
    this.#wait = 0;
    this.#tick();
  };
}
