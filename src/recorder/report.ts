/** Encodes the messages of a recorder, which accept.ts decodes. */
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import { COUNTER_NAMES, type Counter } from '../layout/generated.js';
import { FieldWriter } from './fields.js';
import { frameHead } from './frames.js';
import type { Lag } from './lag.js';
import { ENDS, FROM_RECORDER, type FromRecorder } from './messages.js';

/** Encodes a message as the pieces of its frame, so that a block need not be copied. */
export function encodeReport(message: FromRecorder): Uint8Array[] {
  const pieces = [fieldsOf(message)];
  if (message.kind === 'block') pieces.push(message.block.frame);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [frameHead(FROM_RECORDER.indexOf(message.kind), length), ...pieces];
}

function fieldsOf(message: FromRecorder): Uint8Array {
  const fields = new FieldWriter();
  switch (message.kind) {
    case 'ready': {
      const { unfiltered, threads, bounded, noNewPrivs, hidden } = message.sandbox;
      fields.optional(unfiltered, (why) => fields.text(why));
      fields.u32(threads).u32(bounded);
      fields.u8(noNewPrivs ? 1 : 0).u8(hidden ? 1 : 0);
      break;
    }
    case 'block': {
      const { worker, seq, events, minNs, maxNs, counts } = message.block;
      fields.u32(worker).u64(seq).u32(events).u64(minNs).u64(maxNs);
      // In the order of the table, each at most once.
      const given = COUNTER_NAMES.flatMap((name, index) =>
        counts[name] === undefined ? [] : [[index, counts[name]] as const],
      );
      fields.u16(given.length);
      for (const [index, count] of given) fields.u16(index).u64(count);
      break;
    }
    case 'rebuilt':
      fields.u32(message.worker).text(message.why);
      break;
    case 'progress': {
      const { bytesRead, packets, requests, hits, misses, lost, lag } = message.progress;
      for (const count of [bytesRead, packets, requests, hits, misses, lost]) fields.u64(count);
      addLag(fields, lag);
      break;
    }
    case 'done': {
      const { counters, ended, span, lag, broken } = message.result;
      for (const name of COUNTER_NAMES) fields.u64(counters[name satisfies Counter]);
      fields.u8(ENDS.indexOf(ended));
      fields.optional(span, ({ first, last }) => fields.u64(first).u64(last));
      addLag(fields, lag);
      fields.optional(broken, ({ name, why }) => fields.text(name).text(why));
      break;
    }
    case 'failed':
      fields.u8(CODES.indexOf(message.code)).text(message.message);
      fields.optional(message.hint, (hint) => fields.text(hint));
      break;
  }
  return fields.done();
}

function addLag(fields: FieldWriter, lag: Lag | null): void {
  fields.optional(lag, ({ p50, p99, max }) => fields.f64(p50).f64(p99).f64(max));
}

/** All error codes; `failed` has an index into this list. */
export const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
