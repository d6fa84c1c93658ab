/**
 * What a conversation is made of: one grammar for each protocol, one row for each of the protocol's.
 *
 * A request and its answer are texts in which every character is one byte, so that binary protocols fit. A
 * grammar of datagrams needs its own way from exchanges to packets beside `transport.ts`.
 */
import { META } from './meta.js';
import { TEXT } from './text.js';
import type { Random } from './tokens.js';

/** A request and what the server says to it, '' where it is silent. */
export interface Exchange {
  ask: string;
  answer: string;
}

export interface Row {
  /** Of the protocol's acceptance table. */
  id: string;
  make(random: Random): Exchange;
}

export interface Grammar {
  name: string;
  rows: readonly Row[];
}

/** All protocols a connection may speak. */
export const GRAMMARS: readonly Grammar[] = [TEXT, META];
