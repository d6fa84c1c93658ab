/**
 * What a conversation is made of: one grammar for each protocol, one row for each of the protocol's.
 *
 * A request and its answer are texts in which every character is one byte, so that binary protocols fit.
 */
import { ADMIN } from './admin.js';
import { BINARY } from './binary.js';
import { HOSTILE } from './hostile.js';
import { META } from './meta.js';
import { TEXT } from './text.js';
import type { Random } from './tokens.js';

/** A request and what the server says to it, '' where it is silent. */
export interface Exchange {
  ask: string;
  answer: string;
}

export interface Row {
  /** Of the protocol's acceptance table: rows, or the first and last of many, with spaces between; '' for none. */
  id: string;
  make(random: Random): Exchange;
}

export interface Grammar {
  name: string;
  rows: readonly Row[];
  /** Rows after which the two sides hardly understand each other any more. */
  breaking: readonly Row[];
}

/** Several languages as one. */
function together(name: string, ...grammars: readonly Grammar[]): Grammar {
  return {
    name,
    rows: grammars.flatMap(({ rows }) => rows),
    breaking: grammars.flatMap(({ breaking }) => breaking),
  };
}

/** What a connection may speak: one of these languages throughout, mostly. */
export const GRAMMARS: readonly Grammar[] = [
  TEXT,
  META,
  BINARY,
  ADMIN,
  together('text and meta', TEXT, META),
  together('text', TEXT, META, ADMIN, HOSTILE),
  together('everything', TEXT, META, ADMIN, HOSTILE, BINARY),
];
