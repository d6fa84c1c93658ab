import test from 'ava';
import { openProfile, readEvents } from 'membench/profile';
import { analyze } from '#src/analyze/files.js';
import { keyText } from '../reference/siphash.js';
import { ascii, client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';
import { file } from './support.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
/** As many as the key cache has places: in about every third set are more than it holds. */
const KEYS = 2048;

test('a key the parser has forgotten is in the dictionary again, and counts as the same key', async (t) => {
  const names = Array.from({ length: KEYS }, (_, i) => `key${i}`);
  // A round of all keys, then another.
  const turns = [...names, ...names].flatMap((name) => [client(`get ${name}\r\n`), server('END\r\n')]);
  const { profile } = recordInProcess(pcapFile(packetsOf(turns)), {
    key: KEY,
    map: { blockEvents: 2 * KEYS },
  });
  const path = file(t, profile);
  using reader = openProfile(path);
  const [block] = [...reader.readBlocks()];
  t.is(block!.events, 2 * KEYS);
  t.true(block!.keys > KEYS && block!.keys < 2 * KEYS, `${block!.keys} entries`);
  const expected = [...names, ...names].map((name) => keyText(KEY, ascii(name)));
  t.deepEqual(
    [...readEvents(reader)].map(({ key }) => key),
    expected,
  );
  const { keys } = await analyze([path]);
  t.is(keys.distinct, KEYS);
  t.deepEqual([...new Set(keys.top.map(({ count }) => count))], [2]);
});
