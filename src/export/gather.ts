/** Filling the columns of a batch from the blocks its rows are in. */
import { type Batch, type ExportColumn, WIDE_COLUMNS } from './batch.js';
import type { SortedBlock } from './sorted-block.js';

/** Where the rows of a batch are: a block, by its place in a list, and a row of it. */
export interface Places {
  rows: number;
  blocks: readonly SortedBlock[];
  block: Uint32Array;
  row: Uint32Array;
}

/** Fills shape, time, and what else is wanted but for `conn` and `request`, which whoever took the rows knows. */
export function gather(batch: Batch, places: Places, wanted: ReadonlySet<ExportColumn>): void {
  const { blocks } = places;
  const of = (column: (block: SortedBlock) => Uint32Array) => blocks.map(column);
  gatherWords(
    batch.shape,
    of(({ shape }) => shape),
    places,
  );
  gatherPairs(
    batch.time,
    of(({ time }) => time),
    places,
  );
  if (wanted.has('key') || wanted.has('key_size')) gatherKeys(batch, places);
  if (wanted.has('value_size')) {
    gatherWords(
      batch.valueSize,
      of(({ valueSize }) => valueSize),
      places,
    );
  }
  if (wanted.has('latency')) {
    gatherDoubles(
      batch.latency,
      blocks.map(({ latency }) => latency),
      places,
    );
  }
  for (const name of WIDE_COLUMNS) {
    if (!wanted.has(name) || blocks.every(({ wide }) => wide[name] === null)) continue;
    gatherPairs(
      batch.wide[name],
      of(({ wide, rows }) => wide[name] ?? new Uint32Array(2 * rows)),
      places,
    );
  }
}

function gatherWords(out: Uint32Array, columns: readonly Uint32Array[], { rows, block, row }: Places): void {
  for (let i = 0; i < rows; i++) out[i] = columns[block[i]!]![row[i]!]!;
}

function gatherDoubles(
  out: Float64Array,
  columns: readonly Float64Array[],
  { rows, block, row }: Places,
): void {
  for (let i = 0; i < rows; i++) out[i] = columns[block[i]!]![row[i]!]!;
}

function gatherPairs(out: Uint32Array, columns: readonly Uint32Array[], { rows, block, row }: Places): void {
  for (let i = 0; i < rows; i++) {
    const column = columns[block[i]!]!;
    const from = 2 * row[i]!;
    out[2 * i] = column[from]!;
    out[2 * i + 1] = column[from + 1]!;
  }
}

/** The entries of the key dictionaries, hash and size. */
function gatherKeys({ key, keySize }: Batch, { rows, blocks, block, row }: Places): void {
  const entries = blocks.map((one) => one.key);
  const hashes = blocks.map(({ keyHash }) => keyHash);
  const sizes = blocks.map((one) => one.keySize);
  for (let i = 0; i < rows; i++) {
    const at = block[i]!;
    const entry = entries[at]![row[i]!]!;
    const hash = hashes[at]!;
    key[2 * i] = hash[2 * entry]!;
    key[2 * i + 1] = hash[2 * entry + 1]!;
    keySize[i] = sizes[at]![entry]!;
  }
}
