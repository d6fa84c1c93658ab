/** What is sent, byte by byte: the requests of doc/protocol.txt and doc/protocol-binary.txt, written by hand. */
import test, { type ExecutionContext } from 'ava';
import type { ReplayProtocol } from '#src/replay/options.js';
import { replay } from '#src/replay/replay.js';
import { temporary } from '../support/cli.js';
import { client, server as fromServer, type Turn } from '../support/conversation.js';
import { fakeServer, profileOfTurns } from './server.js';

/** Sends what was recorded to a server that answers nothing and closes when no more comes, and returns what it got. */
async function sent(
  t: ExecutionContext,
  turns: readonly Turn[],
  protocol: ReplayProtocol = 'as-recorded',
): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const { server, received } = await fakeServer(t, (_, socket) => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), 1000);
  });
  const profiles = [profileOfTurns(temporary(t), turns)];
  await replay({ profiles, server, protocol, speed: 1000, threads: 1 });
  t.is(received.length, 1);
  return received[0]!;
}

/** Names keys by their order, and hides values: what is the same is called the same. */
function named(text: string, keySize: number): string {
  const names = new Map<string, string>();
  return text.replaceAll(new RegExp(`(?<= )(?!\\d+[ \\r])[\\w-]{${keySize}}(?=[ \\r])`, 'g'), (key) => {
    if (!names.has(key)) names.set(key, `key${names.size + 1}`);
    return names.get(key)!;
  });
}

const LONG = 'x'.repeat(19);
const [ONE, TWO, THREE] = ['1', '2', '3'].map((end) => LONG + end) as [string, string, string];

const TEXT: readonly Turn[] = [
  client(`get ${ONE}\r\n`),
  fromServer('END\r\n'),
  client(`set ${ONE} 5 60 3\r\nabc\r\n`),
  fromServer('STORED\r\n'),
  client(`gets ${ONE} ${TWO} ${ONE}\r\n`),
  fromServer(`VALUE ${ONE} 5 3 7\r\nabc\r\nVALUE ${ONE} 5 3 7\r\nabc\r\nEND\r\n`),
  client(`gat 90 ${ONE}\r\n`),
  fromServer(`VALUE ${ONE} 5 3\r\nabc\r\nEND\r\n`),
  client(`add ${TWO} 4294967295 -1 2 noreply\r\n12\r\nincr ${TWO} 18446744073709551615\r\n`),
  fromServer('NOT_FOUND\r\n'),
  client(`decr ${TWO} 3 noreply\r\ntouch ${ONE} 0\r\n`),
  fromServer('TOUCHED\r\n'),
  client(`delete ${THREE}\r\n`),
  fromServer('NOT_FOUND\r\n'),
];

test('text requests are as they were, but for keys and values', async (t) => {
  const text = named(await sent(t, TEXT), 20);
  const lines = text.split('\r\n');
  t.deepEqual(
    lines.map((line) => line.replace(/^\d+$/, (digits) => `<${digits.length} digits>`)),
    [
      'get key1',
      'set key1 5 60 3',
      '<3 digits>',
      'gets key1 key2 key1',
      'gat 90 key1',
      'add key2 4294967295 -1 2 noreply',
      '<2 digits>',
      'incr key2 18446744073709551615',
      'decr key2 3 noreply',
      'touch key1 0',
      'delete key3',
      '',
    ],
  );
});

test('text requests become meta requests', async (t) => {
  const lines = named(await sent(t, TEXT, 'meta'), 20).split('\r\n');
  t.deepEqual(
    lines.map((line) => line.replace(/^\d+$/, (digits) => `<${digits.length} digits>`)),
    [
      'mg key1 f v',
      'ms key1 3 F5 T60',
      '<3 digits>',
      'mg key1 c f v k q',
      'mg key2 c f v k q',
      'mg key1 c f v k q',
      'mn',
      'mg key1 f v T90',
      'ms key2 2 ME F4294967295 T-1 q',
      '<2 digits>',
      'ma key2 D18446744073709551615 v',
      'ma key2 MD D3 v q',
      'mg key1 T0',
      'md key3',
      '',
    ],
  );
});

test('meta requests keep their flags; opaques are numbers', async (t) => {
  const meta: readonly Turn[] = [
    client(`mg ${ONE} v k O123 N30 R10 q\r\nmn\r\n`),
    fromServer('MN\r\n'),
    client(`ms ${ONE} 3 T60 F7 c MA I\r\nabc\r\n`),
    fromServer('NS\r\n'),
    client(`ma ${ONE} N0 J13 D2 MD v q O9\r\nmn\r\n`),
    fromServer('MN\r\n'),
    client('md Zm9vYmFyYmF6Zm9vYmFyYmF6 b I T30\r\n'),
    fromServer('HD\r\n'),
    client(`me ${ONE}\r\n`),
    fromServer('EN\r\n'),
  ];
  const lines = named(await sent(t, meta), 20).split('\r\n');
  t.deepEqual(
    lines
      .map((line) => line.replace(/^\d+$/, (digits) => `<${digits.length} digits>`))
      .map((line) => line.replace(/^md [\w+/=]{24}/, 'md <24 of base64>')),
    [
      'mg key1 k q v N30 O1 R10',
      'mn',
      'ms key1 3 c F7 I MA T60',
      '<3 digits>',
      'ma key1 q v D2 J13 MD N0 O2',
      'mn',
      'md <24 of base64> I T30 b',
      'me key1',
      '',
    ],
  );
});

/** A binary request as doc/protocol-binary.txt draws it; the opaque is numbered. */
function binary(opcode: number, opaque: number, extras: string, key: number, value = 0): string {
  const head = Buffer.alloc(24);
  head[0] = 0x80;
  head[1] = opcode;
  head.writeUInt16BE(key, 2);
  head[4] = extras.length / 2;
  head.writeUInt32BE(extras.length / 2 + key + value, 8);
  head.writeUInt32BE(opaque, 12);
  return `${head.toString('hex')} ${extras} ${key} ${value}`;
}

/** Cuts a stream of binary requests, and leaves keys and values out. */
function cut(text: string): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const requests: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [key, extras, body] = [bytes.readUInt16BE(at + 2), bytes[at + 4]!, bytes.readUInt32BE(at + 8)];
    const head = bytes.toString('hex', at, at + 24);
    const more = bytes.toString('hex', at + 24, at + 24 + extras);
    requests.push(`${head} ${more} ${key} ${body - key - extras}`);
    at += 24 + body;
  }
  return requests;
}

test('text requests become binary requests', async (t) => {
  const expected = [
    binary(0x00, 1, '', 20),
    binary(0x01, 2, '000000050000003c', 20, 3),
    binary(0x0d, 3, '', 20),
    binary(0x0d, 4, '', 20),
    binary(0x0d, 5, '', 20),
    binary(0x0a, 6, '', 0),
    binary(0x1d, 7, '0000005a', 20),
    binary(0x12, 8, 'ffffffffffffffff', 20, 2),
    binary(0x05, 9, 'ffffffffffffffff0000000000000000ffffffff', 20),
    binary(0x16, 10, '00000000000000030000000000000000ffffffff', 20),
    binary(0x1c, 11, '00000000', 20),
    binary(0x04, 12, '', 20),
  ];
  t.deepEqual(cut(await sent(t, TEXT, 'binary')), expected);
});

test('nothing but data commands is sent, and what was left out is told', async (t) => {
  const { server, received } = await fakeServer(t, (data, socket) => {
    socket.write('END\r\n'.repeat(data.split('\r\n').length - 1));
  });
  const turns = [
    client('flush_all\r\n'),
    fromServer('OK\r\n'),
    client('verbosity 1\r\n'),
    fromServer('OK\r\n'),
    client('cache_memlimit 100\r\n'),
    fromServer('OK\r\n'),
    client(`get ${ONE}\r\n`),
    fromServer('END\r\n'),
    client('stats\r\n'),
    fromServer('END\r\n'),
    client('lru_crawler disable\r\n'),
    fromServer('OK\r\n'),
    client('shutdown\r\n'),
    fromServer('ERROR: shutdown not enabled\r\n'),
  ];
  const profiles = [profileOfTurns(temporary(t), turns)];
  const summary = await replay({ profiles, server, speed: 1000, timeout: 0.5, threads: 1 });
  t.regex(received.join(''), /^get \S+\r\n$/);
  t.is(summary.requests, 1);
  t.deepEqual(summary.left_out, { 'admin command': 6 });
});
