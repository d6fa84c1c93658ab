import test from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { referenceEvents } from './reference/reference.js';
import { keyText } from './reference/siphash.js';
import { ascii, CUTS, packetsOf } from './support/conversation.js';
import { recordInProcess } from './support/in-process.js';
import { loadConversations } from './support/markdown.js';
import { pcapFile } from './support/packets.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);

/** The expected fields, keys hashed, beside the same fields of what came out. */
function compared(wanted: Record<string, unknown>[], got: CacheEvent[]) {
  return got.map((event, i) => {
    const want = wanted[i] ?? { op: 'nothing' };
    return Object.fromEntries(
      Object.keys(want).map((field) => [field, event[field as keyof CacheEvent] ?? null]),
    );
  });
}

for (const { file, title, turns, events } of loadConversations()) {
  const wanted = events.map((event) =>
    typeof event.key === 'string' ? { ...event, key: keyText(KEY, ascii(event.key)) } : event,
  );
  test(`${file}: ${title}`, (t) => {
    for (const cut of CUTS) {
      const packets = packetsOf(turns, { cut });
      const { events: got, counters } = recordInProcess(pcapFile(packets), { key: KEY, workers: 2 });
      t.deepEqual(compared(wanted, got), wanted, cut);
      t.is(got.length, wanted.length, cut);
      t.is(counters.packets_seen, counters.packets_decoded, cut);
      if (file.startsWith('reference-')) continue;
      t.deepEqual(got, referenceEvents(packets, KEY), `${cut}: the reference agrees`);
    }
  });
}

test('every row of the protocol sections has a conversation', (t) => {
  const have = new Set(loadConversations().flatMap(({ rows }) => rows));
  const sections: Record<string, number> = { B: 18, C: 12, D: 7, F: 7, G: 11 };
  const wanted = Object.entries(sections).flatMap(([section, rows]) =>
    Array.from({ length: rows }, (_, i) => `${section}${String(i + 1).padStart(2, '0')}`),
  );
  for (let i = 1; i <= 11; i++) wanted.push(`E${String(i).padStart(2, '0')}`);
  for (let i = 20; i <= 48; i++) wanted.push(`E${i}`);
  for (let i = 13; i <= 18; i++) wanted.push(`A${i}`);
  for (let i = 21; i <= 27; i++) wanted.push(`M${i}`);
  for (let i = 0; i <= 71; i++) if (i < 50 || i >= 60) wanted.push(`N${String(i).padStart(2, '0')}`);
  wanted.push('A20', 'G15');
  const missing = wanted.filter((row) => !have.has(row));
  t.deepEqual(missing, []);
});
