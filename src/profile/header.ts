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

/** Version of the format this release writes, and the highest it reads. */
export const FORMAT_VERSION = 1;
export const FORMAT_NAME = 'membench profile';

/** What a recording says about itself; see FORMAT.md for the meaning of each. */
export interface ProfileHeader {
  run: Uint8Array;
  created_ns: bigint;
  tool: string;
  source: string;
  unit: number;
  workers: number;
  ports: readonly (readonly [first: number, last: number])[];
  key_id: Uint8Array;
}

/** Names by kind: what numbers in blocks index. */
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

/** The names this release writes. */
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

/** The header's body. */
export function headerBody(header: ProfileHeader): Record<string, unknown> {
  return { format: FORMAT_NAME, version: FORMAT_VERSION, ...header, names: NAMES };
}
