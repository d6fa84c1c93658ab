/**
 * A connection in doubt: releases of memcached differ on where a request ends, so its bytes are read in both
 * ways until an answer fits only one of them. Each reading is a flow of its own that shares nothing but the
 * pools; what it would record is held, and what it would count is counted apart.
 *
 *   Doubt | Reading 0 | Reading 1 | Flow 0 | Flow 1 | counters 0 | counters 1
 *
 * Reading 0 takes the server for one that does as old releases do, reading 1 for one that does as later ones.
 */
import { Flow, SIZEOF_FLOW_ALL } from '../flow/flow';
import { config, countAt, reserve } from '../instance';
import { COUNTER_COUNT } from '../layout';
import { createPool, give, Pool, take } from '../pools';

/** One of two ways to read. */
// @ts-ignore: decorator
@unmanaged
export class Reading {
  /** Requests that are done and not recorded yet, in the order they were. */
  first: u32;
  last: u32;
  /** Requests answered, or done without an answer. */
  done: u32;
  /** READING_*. */
  state: u32;
}

/** It may be the one. */
export const READING_OPEN: u32 = 0;
/** An answer contradicts it. */
export const READING_WRONG: u32 = 1;
/** It cannot go on, for want of memory or for what follows; whether it is the one is not known. */
export const READING_LOST: u32 = 2;

const SIZEOF_READING: usize = 16;
const HEAD: usize = 16;
const FLOWS: usize = HEAD + 2 * SIZEOF_READING;
const COUNTERS: usize = FLOWS + 2 * <usize>SIZEOF_FLOW_ALL;
const COUNTERS_SIZE: usize = <usize>COUNTER_COUNT * 8;
const SIZEOF_DOUBT: u32 = (<u32>(COUNTERS + 2 * COUNTERS_SIZE) + 15) & ~15;

/** Connections of a worker that may be in doubt at the same time: each is so for a round trip or two. */
const DOUBTS_MAX: u32 = 32;

let pool: Pool = changetype<Pool>(0);
let base: usize = 0;

export function createDoubts(): void {
  base = reserve(DOUBTS_MAX * SIZEOF_DOUBT);
  pool = createPool(base, base + DOUBTS_MAX * SIZEOF_DOUBT, SIZEOF_DOUBT);
}

/** Address of the doubt a flow is in. */
// @ts-ignore: decorator
@inline
export function doubtOf(flow: Flow): usize {
  return base + (<usize>flow.doubt - 1) * SIZEOF_DOUBT;
}

// @ts-ignore: decorator
@inline
export function readingOf(doubt: usize, index: u32): Reading {
  return changetype<Reading>(doubt + HEAD + <usize>index * SIZEOF_READING);
}

// @ts-ignore: decorator
@inline
export function flowOf(doubt: usize, index: u32): Flow {
  return changetype<Flow>(doubt + FLOWS + <usize>index * SIZEOF_FLOW_ALL);
}

/** The reading a flow of a doubt is: flows outside the table link to it where others link to their neighbours. */
// @ts-ignore: decorator
@inline
export function ownReading(flow: Flow): Reading {
  return changetype<Reading>(<usize>flow.older);
}

/** Puts a flow in doubt: both readings begin as copies of it. Returns false where no more can be. */
export function openDoubt(flow: Flow): bool {
  const doubt = take(pool);
  if (doubt == 0) return false;
  memory.fill(doubt, 0, SIZEOF_DOUBT);
  for (let index: u32 = 0; index < 2; index++) {
    const copy = flowOf(doubt, index);
    memory.copy(changetype<usize>(copy), changetype<usize>(flow), SIZEOF_FLOW_ALL);
    copy.older = <u32>changetype<usize>(readingOf(doubt, index));
  }
  flow.doubt = <u8>((doubt - base) / SIZEOF_DOUBT + 1);
  return true;
}

/** Ends a flow's doubt; whatever its readings held is the caller's. */
export function closeDoubt(flow: Flow): void {
  give(pool, doubtOf(flow));
  flow.doubt = 0;
}

/** From here on a reading counts for itself. */
// @ts-ignore: decorator
@inline
export function countApart(doubt: usize, index: u32): void {
  countAt(doubt + COUNTERS + <usize>index * COUNTERS_SIZE);
}

/** From here on what is counted counts. */
// @ts-ignore: decorator
@inline
export function countTogether(): void {
  countAt(config.counters);
}

/** Adds what a reading counted to what counts. */
export function addCounters(doubt: usize, index: u32): void {
  const from = doubt + COUNTERS + <usize>index * COUNTERS_SIZE;
  const to = <usize>config.counters;
  for (let at: usize = 0; at < COUNTERS_SIZE; at += 8) store<u64>(to + at, load<u64>(to + at) + load<u64>(from + at));
}

// What is known of a server, by the DOUBT_ classes: two bits each, the reading that proved right and one more.

/** Which reading holds for a class, 2 where that is not known. */
// @ts-ignore: decorator
@inline
export function knownReading(flow: Flow, doubt: u32): u32 {
  const known = (<u32>flow.proven >> (2 * doubt)) & 3;
  return known ? known - 1 : 2;
}

/** A reading holds for a class. */
// @ts-ignore: decorator
@inline
export function setReading(flow: Flow, doubt: u32, index: u32): void {
  flow.proven |= <u8>((index + 1) << (2 * doubt));
}

export function assertDoubt(): void {
  if (offsetof<Reading>() != SIZEOF_READING) ERROR('SIZEOF_READING');
}
