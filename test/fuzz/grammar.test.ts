/** That the grammars know every row of the acceptance table, section by section. */
import test from 'ava';
import { stream } from '../support/random.js';
import { GRAMMARS } from './grammar.js';
import { setOddness } from './tokens.js';

/** First and last row of each section, and of the parts of E and N. A21 is what never meets the network. */
const TABLE: readonly [section: string, first: number, last: number][] = [
  ['A', 1, 20],
  ['B', 1, 19],
  ['C', 1, 13],
  ['D', 1, 7],
  ['E', 1, 12],
  ['E', 20, 48],
  ['F', 1, 7],
  ['G', 1, 15],
  ['H', 1, 25],
  ['I', 1, 17],
  ['J', 1, 6],
  ['K', 1, 36],
  ['L', 1, 13],
  ['M', 1, 28],
  ['N', 0, 49],
  ['N', 60, 71],
];

const id = (section: string, row: number) => section + String(row).padStart(2, '0');

/** Rows of a list such as `B01 E20-E48`. */
function rowsOf(list: string): string[] {
  return list
    .split(' ')
    .filter(Boolean)
    .flatMap((part) => {
      const [first = '', last = first] = part.split('-');
      const [from, to] = [Number(first.slice(1)), Number(last.slice(1))];
      return Array.from({ length: to - from + 1 }, (_, i) => id(first[0]!, from + i));
    });
}

const ROWS = GRAMMARS.flatMap(({ rows, breaking }) => [...rows, ...breaking]);

test('every row of the table is one of a grammar, and no grammar has others', (t) => {
  // A13, pipelining without limit, is what dialogues do with all of them.
  const known = new Set(['A13', ...ROWS.flatMap((row) => rowsOf(row.id))]);
  const wanted = TABLE.flatMap(([section, first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => id(section, first + i)),
  );
  t.deepEqual([...known].sort(), wanted.sort());
});

test('a row makes requests and answers of bytes', (t) => {
  const random = stream(1);
  for (const oddness of [0, 1]) {
    setOddness(oddness);
    for (const { make } of ROWS) {
      const { ask, answer } = make(random);
      for (const text of [ask, answer]) t.is(Buffer.from(text, 'latin1').toString('latin1'), text);
    }
  }
});
