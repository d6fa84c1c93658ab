/** `record --memory`: one cap for everything a recording keeps. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createDecoder } from 'membench/decoder';
import { membench, temporary } from '../support/cli.js';
import { client, interleave, packetsOf, server } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';

const KEY = '00112233445566778899aabbccddeeff';
const CALM = interleave(
  ...[1, 2, 3, 4].map((i) => packetsOf(randomConversation(i, 50), { seed: i, clientPort: 44000 + i })),
);
/** More requests at a time than a small memory holds, all answered in the end; and a calm connection beside. */
const REQUESTS = 3000;
const FLOOD = interleave(
  packetsOf([client('get a\r\n'.repeat(REQUESTS)), server('END\r\n'.repeat(REQUESTS))]),
  packetsOf([client('set b 0 0 1\r\nx\r\n'), server('STORED\r\n')], { clientPort: 50000, start: 1n << 60n }),
);
/** What one worker needs at the least with the smallest buffer. */
const SMALL = ['--workers', '1', '-B', '192K', '--memory', '23M'];

function record(t: ExecutionContext, packets: readonly Packet[], ...args: string[]) {
  const folder = temporary(t);
  const source = join(folder, 'traffic.pcap');
  const profile = join(folder, 'out.mbp');
  const key = join(folder, 'key');
  writeFileSync(source, pcapFile(packets));
  writeFileSync(key, KEY, { mode: 0o600 });
  const outcome = membench(['record', '--json', '--key-file', key, ...args, source, profile]);
  return {
    ...outcome,
    summary: outcome.code === 0 ? JSON.parse(outcome.stdout) : undefined,
    events: () => membench(['cat', profile]).stdout,
  };
}

test('too little is refused in one line that says what to do', (t) => {
  const { code, stderr } = record(t, CALM, '--workers', '2', '--memory', '16M');
  t.is(code, 2);
  t.regex(
    stderr,
    /^membench: a memory of 16 MiB is too small: 2 workers with this buffer need \d+ MiB \(give it \d+M, or use fewer workers or a smaller buffer\) \[ERR_MEMBENCH_USAGE\]\n$/,
  );
});

test('a buffer that leaves nothing of the memory is refused', (t) => {
  const { code, stderr } = record(t, CALM, '--workers', '1', '--memory', '64M', '-B', '64M');
  t.is(code, 2);
  t.regex(stderr, /64 MiB is too small: a worker with this buffer need \d+ MiB/);
});

test('what is no size is refused', (t) => {
  for (const size of ['0', '-1', 'much', '1T']) t.is(record(t, CALM, '--memory', size).code, 2, size);
});

test('more than 32 bits address is cut, and said', (t) => {
  const { code, stderr, summary } = record(t, CALM, '--workers', '2', '--memory', '5G');
  t.is(code, 0, stderr);
  t.regex(
    stderr,
    /^membench: a memory of 5368709120 bytes is more than 32 bits can address: 4294967296 \(4 GiB\) are used$/m,
  );
  t.true(summary.requests > 150);
});

test('where no bound is hit a small memory gives the same events', (t) => {
  const small = record(t, CALM, ...SMALL);
  const large = record(t, CALM);
  t.is(small.code, 0, small.stderr);
  t.is(small.events(), large.events());
  const bounds = Object.entries<number>(small.summary.counters).filter(([name]) => name.startsWith('bound_'));
  t.deepEqual(
    bounds.filter(([, n]) => n > 0),
    [],
  );
});

test('where one is hit it is counted, and the connection beside is whole', (t) => {
  const small = record(t, FLOOD, ...SMALL);
  t.is(small.code, 0, small.stderr);
  const { counters, gaps, packets } = small.summary;
  t.true(counters.bound_requests > 0);
  t.true(gaps > 0);
  t.is(packets.seen, packets.decoded + (packets.skipped.stray ?? 0));
  t.regex(small.events(), /"op":"set".*"status":"stored"/);
  const large = record(t, FLOOD).summary;
  t.is(large.counters.bound_requests, 0);
  t.is(large.answered, REQUESTS + 1);
});

test('the decoder has the same cap', async (t) => {
  await t.throwsAsync(createDecoder({ memory: 1 << 20 }), { code: 'ERR_MEMBENCH_USAGE' });
  const decode = async (memory?: number) => {
    const decoder = await createDecoder({ key: new Uint8Array(16), ...(memory && { memory }) });
    const events = [...decoder.decode(pcapFile(FLOOD)), ...decoder.end()];
    return { events, bound: decoder.counters.bound_requests };
  };
  const [small, large] = [await decode(10 << 20), await decode()];
  t.true(small.bound > 0);
  t.is(large.bound, 0);
  t.is(large.events.length, REQUESTS + 1);
  t.true(small.events.some(({ op, status }) => op === 'set' && status === 'stored'));
});
