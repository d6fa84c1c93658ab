import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { analyze, format, record } from 'membench';
import { type CacheEvent, createDecoder } from 'membench/decoder';
import { type Browser, whyNoBrowser } from '#bench/measure/chromium.js';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { Network, PORT, whyNotLive } from '../support/network.js';
import { pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';
import { byServer } from '../support/truth.js';
import { browser, browsing, faults, shown, tableOf, titled, total } from './tab.js';

const PAGE = pathToFileURL('dist/page/membench.html').href;
const PACKETS = interleave(
  ...Array.from({ length: 30 }, (_, i) => packetsOf(randomConversation(i, 60), { clientPort: 30000 + i })),
);
const PCAP = pcapFile(PACKETS);

/** Records a capture into a profile beside it. */
async function recorded(capture: string): Promise<string> {
  const profile = `${capture}.mbp`;
  await record({ source: capture, profile, workers: 2, ports: [[11211, 11211]] });
  return profile;
}

/** Gives a file to the page and waits until all of it is shown. */
async function show(tab: Browser, file: string): Promise<void> {
  await tab.choose('#file', file);
  await shown(tab);
}

/** A site without any header that would isolate its pages. */
async function site(t: ExecutionContext, files: Record<string, Uint8Array | string>): Promise<string> {
  const types: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html' };
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://x').pathname;
    const file = path.startsWith('/dist/') ? resolve(`.${path}`) : undefined;
    const body = file === undefined ? files[path] : readFileSync(file);
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': types[extname(path)] ?? 'text/html',
    });
    response.end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

browsing(titled('membench/decoder on a plain page gives the events it gives here'), async (t) => {
  const tab = await browser(t);
  const page = `<!doctype html><title>decoder</title><script type="module">
    import { createDecoder } from '/dist/decoder.js';
    const decoder = await createDecoder({ key: new Uint8Array(16) });
    const bytes = new Uint8Array(await (await fetch('/capture')).arrayBuffer());
    const events = [];
    for (let at = 0; at < bytes.length; at += 10000) events.push(...decoder.decode(bytes.subarray(at, at + 10000)));
    events.push(...decoder.end());
    window.events = events;
  </script>`;
  const url = await site(t, { '/': page, '/capture': PCAP });
  await tab.open(`${url}/`);
  await tab.until('window.events');
  t.false(await tab.evaluate('crossOriginIsolated'));
  t.is(await tab.evaluate('typeof SharedArrayBuffer'), 'undefined');
  const decoder = await createDecoder({ key: new Uint8Array(16) });
  const wanted: CacheEvent[] = [...decoder.decode(PCAP), ...decoder.end()];
  t.true(wanted.length > 1000);
  t.deepEqual(await tab.evaluate('window.events'), wanted);
});

browsing(titled('the page says what analyze says, of every format, and sends nothing'), async (t) => {
  const tab = await browser(t);
  const folder = temporary(t);
  const section = new Section().interface(1, { resolution: 9 });
  for (const packet of PACKETS) section.enhanced(0, packet.time, packet);
  const forms: [string, Uint8Array][] = [
    ['a.pcap', PCAP],
    ['a.pcapng', section.bytes()],
    ['a.pcap.gz', gzipSync(PCAP)],
  ];
  for (const [name, bytes] of forms) writeFileSync(join(folder, name), bytes);
  const profile = await recorded(join(folder, 'a.pcap'));
  const wanted = await analyze([profile], { slowest: 100, memcached: '' });
  for (const name of [...forms.map(([one]) => one), 'a.pcap.mbp']) {
    await tab.open(PAGE);
    await show(tab, join(folder, name));
    t.is(await total(tab, 'Hit ratio'), format.percent(wanted.hit_ratio!), name);
    t.is(await total(tab, 'Connections'), format.count(wanted.connections), name);
    t.is(await total(tab, 'Distinct keys'), format.count(wanted.keys.distinct), name);
    t.is(await total(tab, 'Busiest second'), format.count(wanted.bursts.busiest!.requests), name);
    const { count: n, percent } = format;
    t.deepEqual(
      (await tableOf(tab, 'commands', 'By command')).map(([op, keys, , hits]) => [op, keys, hits]),
      Object.entries(wanted.ops).map(([op, { count, hits, misses }]) => [
        op,
        n(count),
        hits + misses > 0 ? percent(hits / (hits + misses)) : '–',
      ]),
      name,
    );
    // Recording and page hash keys with secrets of their own, on which no curve depends.
    const curves = [wanted.mrc.lru.items.at(-1)!, wanted.mrc.lru_ttl.items.at(-1)!] as const;
    t.deepEqual((await tableOf(tab, 'memory', 'Hit ratio by number of items')).at(-1), [
      n(Math.max(curves[0][0], curves[1][0])),
      ...curves.map(([, misses]) => percent(1 - misses)),
    ]);
    t.true(await tab.evaluate('document.querySelector("#problem").hidden'));
    t.deepEqual(
      tab.requests.filter((request) => request !== PAGE && !request.startsWith('blob:')),
      [],
    );
    t.deepEqual(tab.errors, []);
  }
});

browsing(titled('several profiles are added up, and captures are opened one at a time'), async (t) => {
  const tab = await browser(t);
  const folder = temporary(t);
  const capture = join(folder, 'a.pcap');
  writeFileSync(capture, PCAP);
  const one = await recorded(capture);
  const other = join(folder, 'b.mbp');
  await record({ source: capture, profile: other, workers: 1 });
  const wanted = await analyze([one, other]);
  await tab.open(PAGE);
  await tab.choose('#file', one, other);
  await shown(tab);
  t.is(await total(tab, 'Connections'), format.count(wanted.connections));
  t.true((await tab.evaluate<string>('document.querySelector("#title").textContent')).includes('b.mbp'));
  await tab.open(PAGE);
  await tab.choose('#file', one, capture);
  await tab.until('!document.querySelector("#problem").hidden');
  t.regex(
    await tab.evaluate<string>('document.querySelector("#problem").textContent'),
    /captures are opened one at a time/,
  );
});

browsing(titled('the page may not connect to anything: its own policy forbids it'), async (t) => {
  const tab = await browser(t);
  const url = await site(t, { '/': 'reached' });
  await tab.open(PAGE);
  t.is(await tab.evaluate(`fetch('${url}/').then(() => 'reached', () => 'refused')`), 'refused');
  const image = `new Promise((done) => { const i = new Image(); i.onload = () => done('loaded'); i.onerror = () => done('refused'); i.src = '${url}/x.png'; })`;
  t.is(await tab.evaluate(image), 'refused');
});

browsing(titled('the page is readable on a phone, light and dark'), async (t) => {
  const tab = await browser(t);
  const capture = join(temporary(t), 'a.pcap');
  writeFileSync(capture, PCAP);
  const grounds: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    await tab.look(360, 740, scheme);
    await tab.open(PAGE);
    await show(tab, capture);
    t.deepEqual(await faults(tab), [], scheme);
    grounds.push(await tab.evaluate('getComputedStyle(document.body).backgroundColor'));
  }
  t.not(grounds[0], grounds[1]);
  // The switch says otherwise than the system.
  await tab.evaluate('document.querySelector("#theme").click()');
  t.is(await tab.evaluate('document.querySelector("#theme").textContent'), 'light');
  t.is(await tab.evaluate('getComputedStyle(document.body).backgroundColor'), grounds[0]);
});

browsing(titled('the page says what is wrong with what it was given'), async (t) => {
  const tab = await browser(t);
  const folder = temporary(t);
  const file = (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const problem = () => tab.evaluate<string>('document.querySelector("#problem").textContent');
  const given = async (path: string) => {
    await tab.open(PAGE);
    await tab.choose('#file', path);
    await tab.until(
      '!document.querySelector("#problem").hidden && document.querySelector("#progress").hidden',
    );
    return problem();
  };
  t.is(
    await given(file('notes.txt', 'hello, this is no capture')),
    'notes.txt: it does not begin like a pcap or pcapng file.',
  );
  t.is(await given(file('empty', '')), 'empty: it is empty.');
  const cut = await given(file('cut.pcap', PCAP.subarray(0, PCAP.length - 3)));
  t.is(cut, 'cut.pcap: the capture ends within a record. What is before that is shown.');
  t.is(await tab.evaluate('document.querySelector("#result").hidden'), false);
  t.regex(await given(file('radio.pcap', pcapFile([], { linktype: 105 }))), /link type 105 is not known/);
  const whole = readFileSync(await recorded(file('b.pcap', PCAP)));
  t.regex(
    await given(file('head.mbp', whole.subarray(0, 40))),
    /^head\.mbp: its header is damaged or not whole/,
  );
  t.regex(await given(file('empty.mbp', '')), /^empty\.mbp: it is empty/);
  await tab.open(PAGE);
  await tab.choose('#file', file('cut.mbp', whole.subarray(0, whole.length - 100)));
  await shown(tab);
  t.regex(
    await tab.evaluate<string>('document.querySelector("#summary").textContent'),
    /the profile was not closed/,
  );
  await tab.open(PAGE);
  await tab.evaluate('document.querySelector("#ports").value = "0"');
  await tab.choose('#file', file('a.pcap', PCAP));
  t.regex(await problem(), /^0: these are no ports/);
});

browsing(titled('a large capture shows plots while it is decoded, and can be stopped'), async (t) => {
  const tab = await browser(t);
  const path = join(temporary(t), 'large.pcap');
  const records = PCAP.subarray(24);
  const times = Math.ceil((120 << 20) / records.length);
  writeFileSync(path, Buffer.concat([PCAP.subarray(0, 24), ...Array.from({ length: times }, () => records)]));
  await tab.open(PAGE);
  await tab.choose('#file', path);
  await tab.until('document.querySelector("#result").dataset.done === "false"');
  await tab.evaluate('document.querySelector("#cancel").click()');
  t.true(await tab.evaluate('document.querySelector("#progress").hidden'));
  const shown = await total(tab, 'Distinct keys');
  await sleep(500);
  t.is(await total(tab, 'Distinct keys'), shown);
});

const live = whyNotLive() || whyNoBrowser;
(live === '' ? test.serial : test.serial.skip)(
  `a real capture of a real memcached: the page shows the server's own counters${live && ` (${live})`}`,
  async (t) => {
    const tab = await browser(t);
    const network = new Network(t);
    await network.memcached();
    const capture = join(temporary(t), 'real.pcap');
    const tcpdump = await network.capture(capture);
    const before = network.stats();
    network.load(20_000);
    const after = network.stats();
    t.regex(await tcpdump.stop(), /\n0 packets dropped by kernel/);
    await tab.open(PAGE);
    await tab.evaluate(`document.querySelector("#ports").value = "${PORT}"`);
    await show(tab, capture);
    const rows = new Map((await tableOf(tab, 'commands', 'By command')).map(([op, ...cells]) => [op, cells]));
    const server = byServer(before, after);
    t.is(rows.get('get')![0], format.count(server.gets));
    t.is(rows.get('set')![0], format.count(server.sets));
    t.is(await total(tab, 'Hit ratio'), `${((100 * server.hits) / server.gets).toFixed(1)} %`);
  },
);
