/**
 * Rows of the protocol's acceptance table (test/rows.md) and what the conversations have shown of them.
 */
import { readFileSync } from 'node:fs';
import { ascii } from './conversation.js';
import type { Conversation } from './markdown.js';

export interface Row {
  id: string;
  section: string;
  rule: string;
  /** What must stand in the client's (C) or the server's (S) bytes of one of its conversations. */
  sign: { from: 'client' | 'server'; bytes: RegExp } | undefined;
  /** Why there is no conversation of it. */
  outOfSight: boolean;
}

export interface Shown extends Row {
  conversations: Conversation[];
  /** Cuts that all its conversations have passed. */
  passed: number;
  cuts: number;
  live: boolean;
  signed: boolean;
}

export function loadRows(): Row[] {
  const rows: Row[] = [];
  let section = '';
  for (const line of readFileSync('test/rows.md', 'utf8').split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, id, rule, from, bytes] = /^\| ([A-P]\d\d) \| (.*?) \| (?:`([CS]) (.*)` )?\|$/.exec(line) ?? [];
    if (id === undefined || rule === undefined) continue;
    const sign = bytes
      ? { from: from === 'C' ? ('client' as const) : ('server' as const), bytes: new RegExp(bytes, 'ms') }
      : undefined;
    rows.push({ id, section, rule, sign, outOfSight: rule.endsWith('out of sight') });
  }
  return rows;
}

/** All that one side says, as text in which every character is a byte. */
export function said({ turns, datagrams }: Conversation, from: 'client' | 'server'): string {
  return [...turns, ...datagrams.map(({ from, data }) => ({ from, bytes: data }))]
    .filter((turn) => turn.from === from)
    .map(({ bytes }) => Buffer.from(bytes).toString('latin1'))
    .join('');
}

/** A value made of the lines of all rows, and of headers: bytes that are requests and answers anywhere else. */
export function everyRowsOwnLine(conversations: readonly Conversation[]): Conversation {
  const lines = conversations.flatMap((conversation) =>
    (['client', 'server'] as const).flatMap((from) =>
      said(conversation, from)
        .split(/(?<=\n)/)
        .map((line) => line.slice(0, 300)),
    ),
  );
  const value = [...new Set(lines)].join('');
  const turn = (from: 'client' | 'server', text: string) => ({ from, bytes: ascii(text) });
  return {
    file: 'every row',
    title: "P15: a value of every row's own lines",
    rows: ['P15'],
    turns: [
      turn('client', `set every 0 0 ${value.length}\r\n${value}\r\n`),
      turn('server', 'STORED\r\n'),
      turn('client', `get every\r\nmg every v\r\nms every ${value.length}\r\n${value}\r\nmn\r\n`),
      turn('server', `VALUE every 0 ${value.length}\r\n${value}\r\nEND\r\n`),
      turn('server', `VA ${value.length}\r\n${value}\r\nHD\r\nMN\r\n`),
    ],
    datagrams: [],
    events: [
      { op: 'set', key: 'every', value_size: value.length, status: 'stored' },
      { op: 'get', key: 'every', value_size: value.length, status: 'hit' },
      { op: 'mg', key: 'every', value_size: value.length, status: 'hit' },
      { op: 'ms', key: 'every', value_size: value.length, status: 'stored' },
      { op: 'mn', status: 'ok' },
    ],
    memcached: [],
    skipped: undefined,
  };
}

/** What was shown of every row; `passed` says which cuts a conversation has passed, and of how many. */
export function showRows(
  conversations: readonly Conversation[],
  passed: (conversation: Conversation) => ReadonlySet<string>,
  cuts: number,
): Shown[] {
  return loadRows().map((row) => {
    const own = conversations.filter(({ rows }) => rows.includes(row.id));
    const all = own.map((conversation) => [...passed(conversation)]);
    const { sign } = row;
    return {
      ...row,
      conversations: own,
      passed: all[0]?.filter((cut) => all.every((others) => others.includes(cut))).length ?? 0,
      cuts,
      live: own.some(({ memcached }) => memcached !== undefined),
      signed:
        sign === undefined || own.some((conversation) => sign.bytes.test(said(conversation, sign.from))),
    };
  });
}

export const isDone = ({ conversations, passed, cuts, signed, outOfSight }: Shown): boolean =>
  outOfSight || (conversations.length > 0 && passed === cuts && signed);

const source = ({ live, outOfSight }: Shown): string =>
  outOfSight ? 'out of sight' : live ? 'live memcached' : 'by hand';

/** One line a section, and the sum. */
export function summary(rows: readonly Shown[]): string[] {
  const sections = [...new Set(rows.map(({ section }) => section))];
  const line = (name: string, all: readonly Shown[]) => {
    const some = all.filter(({ outOfSight }) => !outOfSight);
    const unseen = all.length > some.length ? `, ${all.length - some.length} more out of sight` : '';
    const done = some.filter(isDone);
    const fixtures = new Set(some.flatMap(({ conversations }) => conversations)).size;
    const live = some.filter((row) => row.live).length;
    const cuts = Math.min(...some.map(({ passed }) => passed));
    return `${name}: ${done.length} of ${some.length} rows, ${cuts}/${some[0]?.cuts} cuts, ${live} rows of a live memcached, ${fixtures} conversations${unseen}`;
  };
  return [
    ...sections.map((section) =>
      line(
        section,
        rows.filter((row) => row.section === section),
      ),
    ),
    line('rows', rows),
  ];
}

/** The whole table as Markdown. */
export function table(rows: readonly Shown[]): string {
  const lines = [
    '| Row | Rule | Bytes from | Conversations | Cuts passed |',
    '|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.id} | ${row.rule} | ${source(row)} | ${row.conversations.length} | ${row.outOfSight ? '–' : `${row.passed} of ${row.cuts}`} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** The table of sections as Markdown: what docs/truth.md quotes. */
export function sectionTable(rows: readonly Shown[]): string {
  const lines = [
    '| Section | Rows passed | Of a live memcached | Conversations | Cuts |',
    '|---|--:|--:|--:|--:|',
  ];
  const sections = [...new Set(rows.map(({ section }) => section))];
  for (const [name, all] of [
    ...sections.map((section) => [section, rows.filter((row) => row.section === section)] as const),
    ['**All**', rows] as const,
  ]) {
    const some = all.filter(({ outOfSight }) => !outOfSight);
    const done = some.filter(isDone).length;
    const live = some.filter((row) => row.live).length;
    const fixtures = new Set(some.flatMap(({ conversations }) => conversations)).size;
    lines.push(
      `| ${name} | ${done} of ${some.length} | ${live} | ${fixtures} | ${Math.min(...some.map(({ passed }) => passed))} of ${some[0]?.cuts} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}
