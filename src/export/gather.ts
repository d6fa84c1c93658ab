/** Filling the columns of a batch from the blocks its rows are in. */
import { type Batch, type ExportColumn, WIDE_COLUMNS } from './batch.js';
import type { SortedBlock } from './sorted-block.js';

/** Where the rows of a batch are: a block, by its place in a list, and a row of it. */
export interface Places {
  blocks: readonly SortedBlock[];
  block: Uint32Array;
  row: Uint32Array;
}

/** Fills shape, time, and what else is wanted but for `conn` and `request`, which whoever took the rows knows. */
export function gather(
  batch: Batch,
  { blocks, block, row }: Places,
  wanted: ReadonlySet<ExportColumn>,
): void {
  const { rows } = batch;
  const words = (out: Uint32Array, columns: readonly Uint32Array[]) => {
    for (let i = 0; i < rows; i++) out[i] = columns[block[i]!]![row[i]!]!;
  };
  const pairs = (out: Uint32Array, columns: readonly Uint32Array[]) => {
    for (let i = 0; i < rows; i++) {
      const column = columns[block[i]!]!;
      const from = 2 * row[i]!;
      out[2 * i] = column[from]!;
      out[2 * i + 1] = column[from + 1]!;
    }
  };
  words(
    batch.shape,
    blocks.map(({ shape }) => shape),
  );
  pairs(
    batch.time,
    blocks.map(({ time }) => time),
  );
  if (wanted.has('key') || wanted.has('key_size')) gatherKeys(batch, { blocks, block, row });
  if (wanted.has('value_size'))
    words(
      batch.valueSize,
      blocks.map(({ valueSize }) => valueSize),
    );
  if (wanted.has('latency')) {
    const columns = blocks.map(({ latency }) => latency);
    const out = batch.latency;
    for (let i = 0; i < rows; i++) out[i] = columns[block[i]!]![row[i]!]!;
  }
  for (const name of WIDE_COLUMNS) {
    if (!wanted.has(name) || blocks.every(({ wide }) => wide[name] === null)) continue;
    pairs(
      batch.wide[name],
      blocks.map(({ wide, rows: all }) => wide[name] ?? new Uint32Array(2 * all)),
    );
  }
}

/** The entries of the key dictionaries, hash and size. */
function gatherKeys(batch: Batch, { blocks, block, row }: Places): void {
  const { rows, key, keySize } = batch;
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
