/** What fuzzing found, once each: see the table in test/fixtures/fuzz/README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { findOf } from './minimise.js';
import { CHUNK_MAX, ROOMS, type Room } from './parser.js';

const FOLDER = 'test/fixtures/fuzz';

for (const file of readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name))) {
  test(file, (t) => {
    const capture = readFileSync(`${FOLDER}/${file}`);
    for (const room of Object.keys(ROOMS) as Room[]) {
      for (const step of [CHUNK_MAX, 100, 1]) t.is(findOf(room, capture, step), null, `${room}, ${step}`);
    }
  });
}
