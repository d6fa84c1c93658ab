import {
  EVENT_RECORD as E,
  MARK_NAMES,
  MODE_NAMES,
  OP_NAMES,
  PRESENT_NAMES,
  PROTO_NAMES,
  type Present,
  STATUS_NAMES,
  TRAIT_NAMES,
  TRANSPORT_NAMES,
} from '../layout/generated.js';
import type { CacheEvent } from './event.js';
import { bitNames, exact, flagLetters, hashText } from './values.js';

const bit = (name: Present) => 1 << PRESENT_NAMES.indexOf(name);
const KEY = bit('key');
const VALUE_SIZE = bit('value_size');
const LATENCY = bit('latency');
const FLAGS = bit('flags');
const TTL = bit('ttl');
const DELTA = bit('delta');
const INITIAL = bit('initial');
const CAS_NEW = bit('cas_new');
const VIVIFY = bit('vivify');
const RECACHE = bit('recache');
const TTL_LEFT = bit('ttl_left');
/** Fields that few events have. */
const RARE = INITIAL | CAS_NEW | VIVIFY | RECACHE | TTL_LEFT;
const QUIET = 1 << TRAIT_NAMES.indexOf('quiet');
const CAS = 1 << TRAIT_NAMES.indexOf('cas');

/** Reads an unsigned number. Most fit into 32 bits, and only the others are read as a bigint. */
function unsigned(view: DataView, at: number): number | string {
  if (view.getUint32(at + 4, true) === 0) return view.getUint32(at, true);
  return exact(view.getBigUint64(at, true));
}

function signed(view: DataView, at: number): number | string {
  if (view.getUint32(at + 4, true) === 0) return view.getUint32(at, true);
  return exact(view.getBigInt64(at, true));
}

function addRare(event: CacheEvent, view: DataView, at: number, present: number): void {
  if (present & INITIAL) event.initial = unsigned(view, at + E.initial);
  if (present & CAS_NEW) event.cas_new = unsigned(view, at + E.cas_new);
  if (present & VIVIFY) event.vivify = signed(view, at + E.vivify);
  if (present & RECACHE) event.recache = signed(view, at + E.recache);
  if (present & TTL_LEFT) event.ttl_left = signed(view, at + E.ttl_left);
}

/** Reads event records in the parser's memory, and numbers connections and requests in their order. */
export class EventCursor {
  #conns = new Map<number, number>();
  readonly #letters = new Map<bigint, string>();
  #requests = -1;

  /**
   * Reads one record.
   *
   * @param view over the parser's memory
   * @param at byte offset of the record
   * @param unit nanoseconds in one unit of time
   */
  read(view: DataView, at: number, unit: number): CacheEvent {
    const present = view.getUint32(at + E.present, true);
    const traits = view.getUint8(at + E.traits);
    const marks = view.getUint8(at + E.marks);
    const mode = view.getUint8(at + E.mode);
    const worker = view.getUint32(at + E.conn, true);
    let conn = this.#conns.get(worker);
    if (conn === undefined) {
      conn = this.#conns.size;
      this.#conns.set(worker, conn);
    }
    if (view.getUint32(at + E.key_index, true) === 0) this.#requests++;
    const event: CacheEvent = {
      ts_ns: (view.getBigUint64(at + E.time, true) * BigInt(unit)).toString(),
      conn,
      request: this.#requests,
      proto: PROTO_NAMES[view.getUint8(at + E.proto)]!,
      transport: TRANSPORT_NAMES[view.getUint8(at + E.transport)]!,
      op: OP_NAMES[view.getUint8(at + E.op)]!,
      key: present & KEY ? hashText(view.getBigUint64(at + E.key_hash, true)) : null,
      key_size: present & KEY ? view.getUint16(at + E.key_size, true) : null,
      value_size: present & VALUE_SIZE ? view.getUint32(at + E.value_size, true) : null,
      mode: mode === 0 ? null : MODE_NAMES[mode]!,
      flags: present & FLAGS ? unsigned(view, at + E.flags) : null,
      ttl: present & TTL ? signed(view, at + E.ttl) : null,
      delta: present & DELTA ? unsigned(view, at + E.delta) : null,
      cas: (traits & CAS) !== 0,
      quiet: (traits & QUIET) !== 0,
      status: STATUS_NAMES[view.getUint8(at + E.status)]!,
      latency_ns: present & LATENCY ? Number(unsigned(view, at + E.latency)) * unit : null,
    };
    if (view.getUint32(at + E.meta_flags, true) || view.getUint32(at + E.meta_flags + 4, true)) {
      event.meta_flags = this.#lettersOf(view.getBigUint64(at + E.meta_flags, true));
    }
    if (marks) event.marks = bitNames(marks, MARK_NAMES);
    if (present & RARE) addRare(event, view, at, present);
    return event;
  }

  #lettersOf(bits: bigint): string {
    let letters = this.#letters.get(bits);
    if (letters === undefined) {
      letters = flagLetters(bits);
      this.#letters.set(bits, letters);
    }
    return letters;
  }
}
