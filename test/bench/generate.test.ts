import test from 'ava';
import { type GenerateOptions, generateCapture, type Tally, type Truth } from '#bench/generate/generate.js';
import { dataStarts, directionOf, readDialogue, readPackets, type WalkedRequest } from './walk-capture.js';

/** Everything at once: multigets, pipelines, answers of several packets, acknowledgements. */
const MIXED: Partial<GenerateOptions> = {
  exchanges: 4000,
  flows: 20,
  keys: 500,
  multiget: 0.2,
  pipelined: 0.2,
  acks: 0.3,
  mss: 1448,
};

function generate(options: Partial<GenerateOptions>): { file: Buffer; truth: Truth } {
  const chunks: Buffer[] = [];
  const truth = generateCapture(options, (chunk) => chunks.push(Buffer.from(chunk)));
  return { file: Buffer.concat(chunks), truth };
}

function tally(requests: WalkedRequest[]): Tally {
  const none = () => ({ count: 0, hits: 0, misses: 0 });
  const ops: Tally['ops'] = { get: none(), mg: none(), set: none(), delete: none() };
  for (const { command, keys, found } of requests) {
    const op = ops[command as keyof typeof ops];
    op.count += keys.length;
    if (command === 'set') continue;
    op.hits += found;
    op.misses += keys.length - found;
  }
  return { requests: requests.length, ops };
}

test('the truth is what a walk of the bytes finds', (t) => {
  const { file, truth } = generate(MIXED);
  const packets = readPackets(file);
  const requests = readDialogue(packets);
  t.deepEqual(truth.asked, tally(requests));
  t.deepEqual(truth.whole, truth.asked);
  t.is(truth.packets, packets.length);
  t.is(truth.bytes, file.length);
  t.is(truth.flows, new Set(packets.map(({ flow }) => flow)).size);
  t.is(truth.distinctKeys, new Set(requests.flatMap(({ keys }) => keys)).size);
  t.is(truth.span, packets.at(-1)!.time - packets[0]!.time);
  t.is(truth.lostPackets + truth.swappedPackets + truth.crossedPackets, 0);
  t.true(requests.some(({ keys }) => keys.length > 1));
});

test('two packets an exchange, values of 200 bytes, keys of 15 to 40', (t) => {
  const exchanges = 30_000;
  const { file, truth } = generate({ exchanges, flows: 10 });
  t.is(truth.packets, 2 * exchanges + 6 * 10);
  t.is(truth.asked.requests, exchanges);
  const requests = readDialogue(readPackets(file));
  const keySizes = requests.flatMap(({ keys }) => keys.map((key) => key.length));
  t.is(Math.min(...keySizes), 15);
  t.is(Math.max(...keySizes), 40);
  const sizes = requests.flatMap((request) => request.sizes.map(([, size]) => size));
  const mean = sizes.reduce((a, b) => a + b, 0) / sizes.length;
  t.true(Math.abs(mean - 200) < 5, `mean value of ${mean} bytes`);
  const { count, hits } = truth.asked.ops.get;
  t.true(Math.abs(hits / count - 0.88) < 0.01, `hit ratio ${hits / count}`);
});

test('a key has one value size throughout', (t) => {
  const { file } = generate(MIXED);
  const sizes = new Map<string, number>();
  for (const [key, size] of readDialogue(readPackets(file)).flatMap((request) => request.sizes)) {
    t.is(sizes.get(key) ?? size, size);
    sizes.set(key, size);
  }
});

test('one seed gives one file, another seed another', (t) => {
  const { file, truth } = generate({ ...MIXED, seed: 7 });
  const again = generate({ ...MIXED, seed: 7 });
  t.true(again.file.equals(file));
  t.deepEqual(again.truth, truth);
  t.false(generate({ ...MIXED, seed: 8 }).file.equals(file));
});

test('loss takes packets out and changes nothing else', (t) => {
  const whole = readPackets(generate(MIXED).file);
  const { file, truth } = generate({ ...MIXED, loss: 0.02 });
  const packets = readPackets(file);
  t.true(truth.lostPackets > 100);
  t.is(packets.length, whole.length - truth.lostPackets);
  const present = new Set(packets.map(({ frame }) => frame));
  t.deepEqual(
    packets,
    whole.filter(({ frame }) => present.has(frame)),
  );
  const requests = readDialogue(whole);
  t.deepEqual(truth.asked, tally(requests));

  const starts = dataStarts(whole);
  const lost = whole
    .filter(({ frame, payload }) => payload !== '' && !present.has(frame))
    .map((packet) => {
      const direction = directionOf(packet);
      const from = (packet.seq - starts.get(direction)!) >>> 0;
      return { direction, from, to: from + packet.payload.length };
    });
  const isWhole = (direction: string, [from, to]: [number, number]) =>
    !lost.some((hole) => hole.direction === direction && hole.from < to && from < hole.to);
  const untouched = requests.filter(
    ({ flow, asked, answered }) => isWhole(`${flow} asks`, asked) && isWhole(`${flow} answers`, answered),
  );
  t.deepEqual(truth.whole, tally(untouched));
  t.true(truth.whole.requests < truth.asked.requests);
});

test('reordering lets neighbours change places and changes nothing else', (t) => {
  const whole = readPackets(generate(MIXED).file);
  const { file, truth } = generate({ ...MIXED, reorder: 0.02 });
  const packets = readPackets(file);
  t.deepEqual(packets.map(({ frame }) => frame).sort(), whole.map(({ frame }) => frame).sort());
  t.deepEqual(truth.whole, truth.asked);
  t.deepEqual(tally(readDialogue(packets)), truth.asked);

  const places = new Map(whole.map(({ frame }, place) => [frame, place]));
  const last = new Map<string, { place: number; fromClient: boolean }>();
  let swapped = 0;
  let crossed = 0;
  for (const { flow, frame, fromClient, payload } of packets) {
    if (payload === '') continue;
    const place = places.get(frame)!;
    const before = last.get(flow);
    if (before && before.place > place) {
      swapped++;
      if (before.fromClient !== fromClient) crossed++;
    }
    last.set(flow, { place, fromClient });
  }
  t.deepEqual([swapped, crossed], [truth.swappedPackets, truth.crossedPackets]);
  t.true(crossed > 0 && swapped > crossed);
});

test('time never runs backwards, whatever happens to the packets', (t) => {
  const packets = readPackets(generate({ ...MIXED, loss: 0.01, reorder: 0.05 }).file);
  t.true(packets.every(({ time }, i) => i === 0 || time >= packets[i - 1]!.time));
});

test('checksums of IP and TCP are right', (t) => {
  const { file } = generate({ ...MIXED, exchanges: 200 });
  for (const { frame } of readPackets(file)) {
    // Behind the two sizes of the record: Ethernet 14, IPv4 20, TCP.
    const bytes = Buffer.from(frame, 'latin1').subarray(8);
    const length = bytes.length - 34;
    const pseudo = Buffer.concat([bytes.subarray(26, 34), Buffer.from([0, 6, length >> 8, length & 255])]);
    t.is(onesComplement(bytes.subarray(14, 34)), 0xffff);
    t.is(onesComplement(Buffer.concat([pseudo, bytes.subarray(34)])), 0xffff);
  }
});

function onesComplement(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 ? bytes[i]! : bytes[i]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

test('what cannot be generated is refused by name', (t) => {
  t.throws(() => generate({ hitRatio: 1.1 }), { instanceOf: RangeError, message: /hitRatio is 1\.1/ });
  t.throws(() => generate({ flows: 0 }), { instanceOf: RangeError, message: /flows/ });
  t.throws(() => generate({ mix: { get: 0, mg: 0, set: 0, delete: 0 } }), {
    instanceOf: RangeError,
    message: /mix/,
  });
});
