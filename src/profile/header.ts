import {
  COLUMN_NAMES,
  CONN_KIND_NAMES,
  MARK_NAMES,
  MODE_NAMES,
  OP_NAMES,
  PRESENT_NAMES,
  PROTO_NAMES,
  STATUS_NAMES,
  TRAIT_NAMES,
  TRANSPORT_NAMES,
} from '../layout/generated.js';
import { asBody, asBytes, asCount, asList, asName, asText, asUint64, type Body } from './body.js';
import { hex } from './bytes.js';
import { BlockError } from './damage.js';

/** Version of the format this release writes, and the highest it reads. */
export const FORMAT_VERSION = 2;
export const FORMAT_NAME = 'membench profile';

/** Fields of a header to write; FORMAT.md has their meaning. */
export interface ProfileHeader {
  run: Uint8Array;
  created_ns: bigint;
  tool: string;
  source: string;
  unit: number;
  workers: number;
  ports: readonly (readonly [first: number, last: number])[];
  key_id: Uint8Array;
  /** Omitted where it is 1. */
  sample?: number;
  /** Omitted where it is 0, as is `first_seq` where all its numbers are 0. */
  part?: number;
  first_seq?: readonly number[];
}

/** Most names of a kind: readers keep a table for each operation. */
const NAMES_MAX = 256;
/** Most names of a kind whose sets are written as bits of an integer. */
const BIT_NAMES_MAX = 31;
const BIT_KINDS = new Set(['present', 'mark', 'trait']);

/** Names by kind, which numbers in blocks index. */
export interface Names {
  op: readonly string[];
  status: readonly string[];
  proto: readonly string[];
  transport: readonly string[];
  mode: readonly string[];
  present: readonly string[];
  mark: readonly string[];
  trait: readonly string[];
  conn_kind: readonly string[];
  column: readonly string[];
}

/** The names that this release writes. */
export const NAMES: Names = {
  op: OP_NAMES,
  status: STATUS_NAMES,
  proto: PROTO_NAMES,
  transport: TRANSPORT_NAMES,
  mode: MODE_NAMES,
  present: PRESENT_NAMES,
  mark: MARK_NAMES,
  trait: TRAIT_NAMES,
  conn_kind: CONN_KIND_NAMES,
  column: COLUMN_NAMES,
};

/** The body of a header frame. */
export function headerBody(header: ProfileHeader): Record<string, unknown> {
  const { sample = 1, ...rest } = header;
  return {
    format: FORMAT_NAME,
    version: FORMAT_VERSION,
    ...rest,
    ...(sample === 1 ? {} : { sample }),
    names: NAMES,
  };
}

/** A decoded header. Byte strings are hexadecimal digits. */
export interface Header {
  version: number;
  run: string;
  createdNs: bigint;
  tool: string;
  source: string;
  /** Nanoseconds in one unit of time: 1 or 1000. */
  unit: number;
  workers: number;
  ports: [first: number, last: number][];
  keyId: string;
  /** One in this many connections was recorded; 1: all. */
  sample: number;
  /** Number of the file in its recording, from 0. */
  part: number;
  /** By worker, the sequence number of its first block in this file; 0 where it has no entry. */
  firstSeq: number[];
  names: Names;
}

/**
 * Reads a header.
 *
 * @throws BlockError where it is invalid, or of a version that this release does not know
 */
export function readHeader(body: Body): Header {
  if (body.format !== FORMAT_NAME) throw new BlockError('its header is of another format');
  const version = asCount(body.version, 'version');
  if (version < 1) throw new BlockError(`there is no format version ${version}`);
  if (version > FORMAT_VERSION) {
    throw new BlockError(`it has format version ${version}, and this release reads up to ${FORMAT_VERSION}`);
  }
  const unit = asCount(body.unit, 'unit');
  if (unit !== 1 && unit !== 1000) throw new BlockError(`a unit of ${unit} ns is unknown`);
  return {
    version,
    run: hex(asBytes(body.run, 'run')),
    createdNs: asUint64(body.created_ns, 'created_ns'),
    tool: asText(body.tool, 'tool'),
    source: asText(body.source, 'source'),
    unit,
    workers: asCount(body.workers, 'workers'),
    ports: asList(body.ports, 'ports').map((range) => {
      const [first, last] = asList(range, 'a range of ports');
      return [asCount(first, 'a port'), asCount(last, 'a port')];
    }),
    keyId: hex(asBytes(body.key_id, 'key_id')),
    sample: asCount(body.sample ?? 1, 'sample'),
    part: asCount(body.part ?? 0, 'part'),
    firstSeq: asList(body.first_seq ?? [], 'first_seq').map((seq) => asCount(seq, 'a sequence number')),
    names: readNames(asBody(body.names, 'names')),
  };
}

function readNames(body: Body): Names {
  const names = Object.keys(NAMES).map((kind) => {
    const list = asList(body[kind], `names of ${kind}`);
    const most = BIT_KINDS.has(kind) ? BIT_NAMES_MAX : NAMES_MAX;
    if (list.length > most) throw new BlockError(`${list.length} names of ${kind} are too many`);
    return [kind, list.map((name) => asName(name, `a name of ${kind}`))];
  });
  return Object.fromEntries(names) as Names;
}
