import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { referenceEvents } from './reference/reference.js';
import { keyText } from './reference/siphash.js';
import { ascii, CUTS, packetsOf, type Turn } from './support/conversation.js';
import { datagramPackets, UDP_CUTS } from './support/datagrams.js';
import { recordInProcess } from './support/in-process.js';
import { type Conversation, loadConversations } from './support/markdown.js';
import { type Packet, pcapFile } from './support/packets.js';
import { everyRowsOwnLine, isDone, sectionTable, showRows, summary, table } from './support/rows.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);

const written = loadConversations();
const conversations = [...written, everyRowsOwnLine(written)];
/** Cuts each has passed. */
const passed = new Map(conversations.map((conversation) => [conversation, new Set<string>()]));

/** The expected fields, keys hashed, beside the same fields of what came out. */
function compared(wanted: Record<string, unknown>[], got: CacheEvent[]) {
  return got.map((event, i) => {
    const want = wanted[i] ?? { op: 'nothing' };
    return Object.fromEntries(
      Object.keys(want).map((field) => [field, event[field as keyof CacheEvent] ?? null]),
    );
  });
}

const isSkip = (name: string) => name.startsWith('skipped_');

function check(
  t: ExecutionContext,
  conversation: Conversation,
  packets: readonly Packet[],
  cut: string,
): void {
  const wanted = conversation.events.map((event) =>
    typeof event.key === 'string' ? { ...event, key: keyText(KEY, ascii(event.key)) } : event,
  );
  const { events: got, counters } = recordInProcess(pcapFile(packets), { key: KEY, workers: 2 });
  t.deepEqual(compared(wanted, got), wanted, cut);
  t.is(got.length, wanted.length, cut);
  const skipped = Object.entries(counters).filter(([name, count]) => isSkip(name) && count > 0);
  t.deepEqual(
    skipped.map(([name]) => name),
    conversation.skipped === undefined ? [] : [conversation.skipped],
    cut,
  );
  t.is(
    counters.packets_seen,
    skipped.reduce((sum, [, count]) => sum + count, counters.packets_decoded),
    cut,
  );
  t.deepEqual(got, referenceEvents(packets, KEY), `${cut}: the reference agrees`);
}

/** Every way to cut one turn in two. */
function* cutOnce(turns: readonly Turn[]): Generator<Turn[]> {
  for (const [i, { from, bytes }] of turns.entries())
    for (let at = 1; at < bytes.length; at++)
      yield [
        ...turns.slice(0, i),
        { from, bytes: bytes.subarray(0, at) },
        { from, bytes: bytes.subarray(at) },
        ...turns.slice(i + 1),
      ];
}

for (const conversation of conversations) {
  const { file, title, turns, datagrams, rows } = conversation;
  test(`${file}: ${title}`, (t) => {
    const done = passed.get(conversation)!;
    if (datagrams.length > 0)
      for (const cut of UDP_CUTS) {
        check(t, conversation, datagramPackets(datagrams, cut), cut);
        done.add(cut);
      }
    else
      for (const cut of CUTS) {
        check(t, conversation, packetsOf(turns, { cut }), cut);
        done.add(cut);
      }
    // What these rows are about: a cut at each byte, and no other.
    if (rows.some((row) => ['P16', 'P17', 'P18'].includes(row)))
      for (const cut of cutOnce(turns)) check(t, conversation, packetsOf(cut), 'one cut');
  });
}

test('every row of the acceptance table has a conversation that passes under every cut', (t) => {
  const rows = showRows(conversations, (conversation) => passed.get(conversation)!, CUTS.length);
  mkdirSync('build', { recursive: true });
  const sections = sectionTable(rows);
  writeFileSync('build/rows.md', `${sections}\n${table(rows)}`);
  for (const line of summary(rows)) t.log(line);
  const known = new Set(rows.map(({ id }) => id));
  t.deepEqual(
    conversations.flatMap(({ file, rows: ids }) =>
      ids.filter((id) => !known.has(id)).map((id) => `${file}: ${id}`),
    ),
    [],
    'no conversation names a row there is not',
  );
  t.deepEqual(
    rows
      .filter((row) => !isDone(row))
      .map(({ id, conversations: own, passed: cuts, signed }) => ({
        id,
        conversations: own.length,
        cuts,
        signed,
      })),
    [],
  );
  t.is(CUTS.length, UDP_CUTS.length);
  t.true(readFileSync('docs/truth.md', 'utf8').includes(sections), 'docs/truth.md shows this table');
});
