/**
 * Turns the maps of an older version of the format into those of the newest: FORMAT.md, "Versions".
 * Everything else in this folder knows the newest alone. What does not fit is left as it is, for the readers
 * behind to refuse.
 */
import { asBytes, asCount, asList, type Body } from './body.js';

/** A block's body as the newest version has it. */
export function upgradeBlock(body: Body, version: number): Body {
  return version < 2 ? withNewKeyColumn(body) : body;
}

/**
 * Version 1 to 2: the column `key` held the entry of the dictionary. One more than that, and never the 0 of
 * the next new key, means the same.
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
        payload: Buffer.concat([payload.subarray(0, at), raised, payload.subarray(end)]),
      };
    }
    at = end;
  }
  return body;
}

/** Varints, each one larger. */
function plusOne(varints: Uint8Array): Uint8Array {
  // A byte more for those whose groups are all full.
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
