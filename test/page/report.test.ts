/** `analyze --html`: one page that needs nothing but itself. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Analysis, type Comparison, format, record, SECTIONS } from 'membench';
import type { Browser } from '#bench/measure/chromium.js';
import { membench, temporary } from '../support/cli.js';
import { ascii, interleave, packetsOf, START } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';
import { browser, browsing, faults, shown, tableOf, titled, total } from './tab.js';

/** Connections over half a minute, so that there is something over time. */
const PACKETS = interleave(
  ...Array.from({ length: 30 }, (_, i) =>
    packetsOf(randomConversation(i, 60), {
      clientPort: 30000 + i,
      start: START + BigInt(i) * 1_000_000_000n,
      step: 100_000n,
    }),
  ),
);
const SINGLE = packetsOf([
  { from: 'client', bytes: ascii('get one\r\n') },
  { from: 'server', bytes: ascii('END\r\n') },
]);
const { bytes, count, nanoseconds, percent } = format;

async function profileOf(t: ExecutionContext, packets: readonly Packet[], name = 'a.mbp'): Promise<string> {
  const folder = temporary(t);
  const source = join(folder, 'a.pcap');
  writeFileSync(source, pcapFile(packets));
  await record({ source, profile: join(folder, name), workers: 2 });
  return join(folder, name);
}

/** Writes a page, and returns where it is with what was printed beside it. */
function written<T>(t: ExecutionContext, ...args: string[]): { url: string; json: T } {
  const page = join(temporary(t), 'report.html');
  const { code, stdout, stderr } = membench(['analyze', '--html', page, '--json', ...args]);
  t.is(code, 0, stderr);
  t.regex(stderr, /^report: .*report\.html \(\d+ kB\)\n$/);
  return { url: pathToFileURL(page).href, json: JSON.parse(stdout) };
}

/** Opens a page, and checks that it asked for nothing, and complains of nothing. */
async function opened(t: ExecutionContext, tab: Browser, url: string): Promise<void> {
  await tab.open(url);
  await shown(tab);
  t.deepEqual(
    tab.requests.filter((request) => request !== url && !request.startsWith('blob:')),
    [],
  );
  t.deepEqual(tab.errors, []);
}

const ratio = (hits: number, misses: number) => (hits + misses > 0 ? percent(hits / (hits + misses)) : '–');
const maybe = (value: number | null, show: (value: number) => string) => (value === null ? '–' : show(value));

browsing(titled('the numbers behind the charts are those of --json'), async (t) => {
  const tab = await browser(t);
  const { url, json } = written<Analysis>(t, '--interval', '1s', await profileOf(t, PACKETS));
  await opened(t, tab, url);
  t.true(json.series.length >= 29 && json.mrc.memcached !== null && json.latency !== null);
  t.is(await total(tab, 'Hit ratio'), percent(json.hit_ratio!));
  t.is(await total(tab, 'Half the memory'), percent(json.mrc.advice!.half));
  t.is(await total(tab, 'Double the memory'), percent(json.mrc.advice!.double));
  t.deepEqual(
    (await tableOf(tab, 'time', 'Hit ratio')).map((row) => row.slice(1)),
    json.series.map(({ hits, misses }) => [count(hits), count(misses), ratio(hits, misses)]),
  );
  t.deepEqual(
    (await tableOf(tab, 'time', 'Latency')).map((row) => row.slice(1)),
    json.series.map(({ latency_ns: p }) =>
      [p.p50, p.p90, p.p99, p.p999, p.max].map((value) => maybe(value, nanoseconds)),
    ),
  );
  t.deepEqual(
    await tableOf(tab, 'keys', 'Popularity'),
    json.keys.ranks.map(([rank, n]) => [count(rank), count(n)]),
  );
  t.deepEqual(
    await tableOf(tab, 'keys', 'Busiest'),
    json.keys.top.slice(0, 10).map((one) => [one.key, count(one.count), percent(one.count / json.events)]),
  );
  t.deepEqual(
    (await tableOf(tab, 'working-set', 'Bytes of their items')).map((row) => row.slice(1)),
    json.working_set.map((one) => [bytes(one.bytes), bytes(one.bytes_max)]),
  );
  t.deepEqual(
    (await tableOf(tab, 'sizes', 'Slab classes')).map(([, items, memory]) => [items, memory]),
    json.sizes.slabs.map((one) => [count(one.items), bytes(one.chunk_bytes)]),
  );
  t.deepEqual(
    await tableOf(tab, 'latency', 'By requests in flight'),
    json.latency!.by_in_flight.map(({ from, to, count: n, latency_ns: p }) => [
      from === to ? `${from}` : `${from}–${to}`,
      count(n),
      ...[p.p50, p.p90, p.p99, p.max].map((value) => maybe(value, nanoseconds)),
    ]),
  );
  t.deepEqual(
    (await tableOf(tab, 'split', 'Requests by server, by hash of its address')).map(
      ([, , requests]) => requests,
    ),
    json.groups!.map(({ requests }) => count(requests)),
  );
  const memcached = new Map(json.mrc.memcached!.bytes.map(([size, misses]) => [size, percent(1 - misses)]));
  const simulated = (await tableOf(tab, 'memory', 'Hit ratio by memory')).map((row) => row.at(-1)!);
  const shownRatios = simulated.filter((cell) => cell !== '–');
  t.true(shownRatios.length > 0 && shownRatios.every((cell) => [...memcached.values()].includes(cell)));
  const [recorded] = await tableOf(tab, 'losses', 'Payload, by what became of it');
  t.deepEqual(recorded?.slice(0, 2), ['recorded', count(json.payload.recorded)]);
  t.deepEqual(
    await tab.evaluate(`[...document.querySelectorAll('#result > section')].map(({ id }) => id)`),
    [...SECTIONS],
    'sections have the names and the order of the terminal',
  );
});

for (const [what, packets] of [
  ['many events', PACKETS],
  ['a single event', SINGLE],
  ['no event', []],
] as const) {
  browsing(titled(`a page of ${what} fits a screen and a phone, light and dark, and paper`), async (t) => {
    const tab = await browser(t);
    const { url } = written(t, await profileOf(t, packets));
    for (const width of [1280, 390]) {
      for (const scheme of ['light', 'dark'] as const) {
        await tab.look(width, 844, scheme);
        await opened(t, tab, url);
        t.deepEqual(await faults(tab), [], `${width} ${scheme}`);
      }
    }
    await tab.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
    await tab.until(`[...document.querySelectorAll('details')].every((one) => one.querySelector('table'))`);
    t.deepEqual(await faults(tab), [], 'with all tables');
    const { data } = (await tab.send('Page.printToPDF', { printBackground: true })) as { data: string };
    t.true(Buffer.from(data, 'base64').subarray(0, 5).equals(Buffer.from('%PDF-')));
    t.deepEqual(await faults(tab), [], 'after printing');
    t.deepEqual(tab.errors, []);
  });
}

browsing(titled('a single event has its figures'), async (t) => {
  const tab = await browser(t);
  await tab.look(390, 844, 'light');
  await opened(t, tab, written(t, await profileOf(t, SINGLE)).url);
  t.is(await total(tab, 'Hit ratio'), '0.0 %');
  t.deepEqual(
    (await tableOf(tab, 'time', 'Hit ratio')).map((row) => row.slice(1)),
    [['0', '1', '0.0 %']],
  );
});

browsing(titled('no text of a profile becomes markup, and no value of it ends the data'), async (t) => {
  const tab = await browser(t);
  const evil = '</script><script>window.owned=1</script><img src=x onerror="window.owned=1">';
  const plain = await profileOf(t, PACKETS);
  const profile = join(temporary(t), '<img src=x onerror="window.owned=1">.mbp');
  renameSync(plain, profile);
  const first = written<Analysis>(t, profile);
  const keys = join(temporary(t), 'keys');
  writeFileSync(keys, `${first.json.keys.top[0]!.key}\t${evil}\n`);
  const { url } = written(t, '--keys', keys, profile);
  await opened(t, tab, url);
  t.is(await tab.evaluate('typeof window.owned'), 'undefined');
  t.is(await tab.evaluate('document.querySelectorAll("img").length'), 0);
  t.is(await tab.evaluate('document.scripts.length'), 2);
  const [[name]] = (await tableOf(tab, 'keys', 'Busiest')) as [[string]];
  t.true(name.startsWith('</script>'));
  t.is(
    await tab.evaluate('document.querySelector("#title").textContent'),
    '<img src=x onerror="window.owned=1">.mbp',
  );
});

browsing(titled('a comparison is a page, too'), async (t) => {
  const tab = await browser(t);
  const a = await profileOf(t, PACKETS);
  const b = await profileOf(t, PACKETS.slice(0, Math.floor(PACKETS.length * 0.7)), 'b.mbp');
  const { url, json } = written<Comparison>(t, '--interval', '1s', '--compare', a, b);
  for (const width of [1280, 390]) {
    await tab.look(width, 844, 'light');
    await opened(t, tab, url);
    t.deepEqual(await faults(tab), [], `${width}`);
  }
  const names = await tab.evaluate<string[]>(
    `[...document.querySelectorAll('#worse td:first-child, #other td:first-child, #same td:first-child')].map((cell) => cell.textContent)`,
  );
  t.deepEqual(names.toSorted(), json.changes.map(({ name }) => name).toSorted());
});

test('a page replaces nothing, and is for its owner only', async (t) => {
  const page = join(temporary(t), 'report.html');
  const profile = await profileOf(t, SINGLE);
  t.is(membench(['analyze', '--html', page, profile]).code, 0);
  const before = readFileSync(page, 'utf8');
  const again = membench(['analyze', '--html', page, profile]);
  t.is(again.code, 1);
  t.regex(again.stderr, /^membench: [^\n]*it exists already[^\n]*\n$/);
  t.is(readFileSync(page, 'utf8'), before);
});
