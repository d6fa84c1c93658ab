/**
 * Converts maps of older versions of the format to the newest: FORMAT.md, "Versions". The rest of this folder
 * knows only the newest version. Invalid maps are left unchanged, and the readers refuse them.
 */
import { asBytes, asCount, asList, type Body } from './body.js';
import { joined } from './bytes.js';

/** Converts the body of a block to the newest version. */
export function upgradeBlock(body: Body, version: number): Body {
  return version < 2 ? withNewKeyColumn(body) : body;
}

/**
 * Version 1 to 2: the column `key` had the entry of the dictionary, and now has the entry plus 1; the 0 for
 * the next new entry is not needed.
 */
function withNewKeyColumn(body: Body): Body {
  const payload = asBytes(body.payload, 'payload');
  const columns = asList(body.columns, 'columns');
  let at = 0;
  for (const [i, row] of columns.entries()) {
    const [name, bytes] = asList(row, 'a row of columns');
    const end = at + asCount(bytes, 'the size of a column');
    if (name === 'key') {
      const raised = plusOne(payload.subarray(at, end));
      return {
        ...body,
        columns: columns.with(i, [name, raised.length]),
        payload: joined(payload.subarray(0, at), raised, payload.subarray(end)),
      };
    }
    at = end;
  }
  return body;
}

/** Adds 1 to each varint. */
function plusOne(varints: Uint8Array): Uint8Array {
  // A varint with all bits set gets a further byte.
  const out = new Uint8Array(2 * varints.length);
  let at = 0;
  let carry = 1;
  for (const byte of varints) {
    const group = (byte & 0x7f) + carry;
    carry = group >> 7;
    const isLast = byte < 0x80;
    out[at++] = (group & 0x7f) | (isLast && carry === 0 ? 0 : 0x80);
    if (!isLast) continue;
    if (carry === 1) out[at++] = 1;
    carry = 1;
  }
  return out.subarray(0, at);
}
