/** The binary protocol, row by row: every opcode, every status, and messages that lie about their sizes. */
import { between, oneOf } from '../support/random.js';
import type { Exchange, Grammar, Row } from './grammar.js';
import { key, oddly, type Random, value, WORDS } from './tokens.js';

const REQUEST = 0x80;
const ANSWER = 0x81;

interface Message {
  magic: number;
  opcode: number;
  status?: number;
  opaque?: number;
  cas?: number;
  extras?: string;
  key?: string;
  value?: string;
  /** Where they are not what is there. */
  keySize?: number;
  extrasSize?: number;
  bodySize?: number;
}

/** A number in network order. */
function bytes(number: number, size: number): string {
  let text = '';
  for (let i = size - 1; i >= 0; i--) text += String.fromCharCode(Math.floor(number / 2 ** (8 * i)) & 255);
  return text;
}

function encode(message: Message): string {
  const { extras = '', key: name = '', value: data = '' } = message;
  return (
    String.fromCharCode(message.magic, message.opcode) +
    bytes(message.keySize ?? name.length, 2) +
    String.fromCharCode((message.extrasSize ?? extras.length) & 255, 0) +
    bytes(message.status ?? 0, 2) +
    bytes(message.bodySize ?? extras.length + name.length + data.length, 4) +
    bytes(message.opaque ?? 0, 4) +
    bytes(message.cas ?? 0, 8) +
    extras +
    name +
    data
  );
}

/** Rows N60 to N71, with the text memcached puts behind them. */
const STATUSES: readonly [id: string, status: number, text: string][] = [
  ['N60', 0x00, ''],
  ['N61', 0x01, 'Not found'],
  ['N62', 0x02, 'Data exists for key.'],
  ['N63', 0x03, 'Too large.'],
  ['N64', 0x04, 'Invalid arguments'],
  ['N65', 0x05, 'Not stored.'],
  ['N66', 0x06, 'Non-numeric server-side value for incr or decr'],
  ['N67', 0x20, 'Auth failure.'],
  ['N68', 0x21, '<challenge@host>'],
  ['N69', 0x81, 'Unknown command'],
  ['N70', 0x82, 'Out of memory'],
  ['N71', 0x07, ''],
];
const OTHER_STATUSES = [0x07, 0x08, 0x09, 0x83, 0x84, 0x85, 0x86, 0xff, 0x8000, 0xffff];

/** What an opcode's request has, and what its success does. */
interface Opcode {
  id: string;
  opcode: number;
  /** Sizes of extras that it takes. */
  extras: readonly number[];
  key?: 'always' | 'maybe';
  value?: true;
  /** What makes it silent. */
  quiet?: 'success' | 'miss' | 'always';
  answer?(random: Random, key: string): Pick<Message, 'extras' | 'key' | 'value'>;
}

const FLAGS = (random: Random) => bytes(random() < 0.9 ? 0 : between(random, 0, 0xffffffff), 4);
const found = (random: Random) => ({ extras: FLAGS(random), value: value(random) });
const foundWithKey = (random: Random, asked: string) => ({ ...found(random), key: asked });
const counted = (random: Random) => ({ value: bytes(between(random, 0, 1e15), 8) });
const withText = (random: Random) => ({ value: oneOf(random, ['1.6.18', 'PLAIN', 'SCRAM-SHA-1 PLAIN', '']) });

const get = { extras: [0], key: 'always', answer: found } as const;
const getk = { extras: [0], key: 'always', answer: foundWithKey } as const;
const gat = { extras: [4], key: 'always', answer: found } as const;
const gatk = { extras: [4], key: 'always', answer: foundWithKey } as const;
const store = { extras: [8], key: 'always', value: true } as const;
const join = { extras: [0], key: 'always', value: true } as const;
const arithmetic = { extras: [20], key: 'always', answer: counted } as const;
const bare = { extras: [0] } as const;
const sasl = { extras: [0], key: 'always', value: true, answer: withText } as const;

const OPCODES: readonly Opcode[] = [
  { id: 'N00', opcode: 0x00, ...get },
  { id: 'N01', opcode: 0x01, ...store },
  { id: 'N02', opcode: 0x02, ...store },
  { id: 'N03', opcode: 0x03, ...store },
  { id: 'N04', opcode: 0x04, extras: [0], key: 'always' },
  { id: 'N05', opcode: 0x05, ...arithmetic },
  { id: 'N06', opcode: 0x06, ...arithmetic },
  { id: 'N08', opcode: 0x08, extras: [0, 4] },
  { id: 'N09 G07', opcode: 0x09, ...get, quiet: 'miss' },
  { id: 'N10 G15', opcode: 0x0a, ...bare },
  { id: 'N11', opcode: 0x0b, ...bare, answer: withText },
  { id: 'N12', opcode: 0x0c, ...getk },
  { id: 'N13 G07', opcode: 0x0d, ...getk, quiet: 'miss' },
  { id: 'N14', opcode: 0x0e, ...join },
  { id: 'N15', opcode: 0x0f, ...join },
  { id: 'N17 G09', opcode: 0x11, ...store, quiet: 'success' },
  { id: 'N18 G09', opcode: 0x12, ...store, quiet: 'success' },
  { id: 'N19 G09', opcode: 0x13, ...store, quiet: 'success' },
  { id: 'N20 G09', opcode: 0x14, extras: [0], key: 'always', quiet: 'success' },
  { id: 'N21 G09', opcode: 0x15, ...arithmetic, quiet: 'success' },
  { id: 'N22 G09', opcode: 0x16, ...arithmetic, quiet: 'success' },
  { id: 'N24 G09', opcode: 0x18, extras: [0, 4], quiet: 'success' },
  { id: 'N25 G09', opcode: 0x19, ...join, quiet: 'success' },
  { id: 'N26 G09', opcode: 0x1a, ...join, quiet: 'success' },
  { id: 'N27 M22', opcode: 0x1b, extras: [4, 0] },
  { id: 'N28', opcode: 0x1c, extras: [4], key: 'always', answer: (random) => ({ extras: FLAGS(random) }) },
  { id: 'N29', opcode: 0x1d, ...gat },
  { id: 'N30 G08', opcode: 0x1e, ...gat, quiet: 'miss' },
  { id: 'N31', opcode: 0x20, ...bare, answer: withText },
  { id: 'N32', opcode: 0x21, ...sasl },
  { id: 'N33', opcode: 0x22, ...sasl },
  { id: 'N34', opcode: 0x23, ...gatk },
  { id: 'N35 G08', opcode: 0x24, ...gatk, quiet: 'miss' },
];

const QUITS: readonly Opcode[] = [
  { id: 'N07', opcode: 0x07, ...bare },
  { id: 'N23 G10', opcode: 0x17, ...bare, quiet: 'always' },
];

let counter = 0;

/** Opaques are counted from zero again. */
export function resetOpaques(): void {
  counter = 0;
}

/** Opaques as clients choose them: none, counted, the same again, anything. */
function opaqueOf(random: Random): number {
  const pick = random();
  if (pick < 0.3) return 0;
  if (pick < 0.7) {
    counter = (counter + 1) & 0xffff;
    return counter;
  }
  return pick < 0.9 ? between(random, 0, 3) : between(random, 0, 0xffffffff);
}

function extrasOf(random: Random, size: number): string {
  let extras = '';
  while (extras.length < size) extras += bytes(oneOf(random, [0, 1, 60, 2592001, 0xffffffff]), 4);
  return extras.slice(0, size);
}

/** Sizes that are not those of the parts. */
function lie(random: Random, message: Message): Message {
  const { extras = '', key: name = '', value: data = '' } = message;
  const body = extras.length + name.length + data.length;
  const near = (size: number) => Math.max(0, size + between(random, -4, 4));
  switch (between(random, 0, 4)) {
    case 0:
      return { ...message, keySize: oneOf(random, [near(name.length), 250, 251, 0xffff]) };
    case 1:
      return { ...message, extrasSize: oneOf(random, [near(extras.length), 0, 4, 8, 20, 255]) };
    case 2:
      return {
        ...message,
        bodySize: oneOf(random, [
          near(body),
          0,
          0xffff,
          1 << 20,
          1 << 30,
          0x40000001,
          0x7fffffff,
          0xffffffff,
        ]),
      };
    case 3:
      return {
        ...message,
        keySize: near(name.length),
        extrasSize: near(extras.length),
        bodySize: near(body),
      };
    default:
      return { ...message, magic: oneOf(random, [REQUEST, ANSWER, 0, 0x67, 0xff]) };
  }
}

function said(random: Random, message: Message): string {
  return encode(oddly(random, 0.03) ? lie(random, message) : message);
}

/** An answer with an error's text, or the key, behind it. */
function failed(random: Random, opcode: number, opaque: number, id: string, name: string): string {
  const [, status, text] = STATUSES.find((row) => row[0] === id)!;
  const value = random() < 0.9 ? text : name;
  return said(random, {
    magic: ANSWER,
    opcode,
    opaque,
    status: id === 'N71' ? oneOf(random, OTHER_STATUSES) : status,
    value,
  });
}

/** A request and its answer; `status` the row of the answer's, or any. */
function exchangeOf(random: Random, of: Opcode, status: string | undefined): Exchange {
  const { opcode, quiet } = of;
  const opaque = opaqueOf(random);
  const has = of.key === 'always' || (of.key === 'maybe' && random() < 0.5);
  const name = has ? key(random) : '';
  const message: Message = {
    magic: REQUEST,
    opcode,
    opaque,
    extras: extrasOf(random, oneOf(random, of.extras)),
    key: name,
    value: of.value ? value(random) : '',
  };
  if (random() < 0.1) message.cas = oneOf(random, [1, 7, 2 ** 53 - 1]);
  const row = status ?? (random() < 0.7 ? 'N60' : oneOf(random, STATUSES)[0]);
  const silent =
    quiet === 'always' || (quiet === 'success' && row === 'N60') || (quiet === 'miss' && row === 'N61');
  // An answer tells the opcode and opaque of what it answers; a broken server's tells others.
  const answered = oddly(random, 0.01) ? between(random, 0, 0x40) : opcode;
  const echoed = oddly(random, 0.015) ? opaqueOf(random) : opaque;
  let answer = '';
  if (silent && !oddly(random, 0.05)) answer = '';
  else if (row !== 'N60') answer = failed(random, answered, echoed, row, name);
  else {
    const parts = of.answer?.(random, name);
    answer = said(random, { magic: ANSWER, opcode: answered, opaque: echoed, cas: 7, ...parts });
  }
  return { ask: said(random, message), answer };
}

function operation(of: Opcode): Row {
  return { id: of.id, make: (random) => exchangeOf(random, of, undefined) };
}

/** A status, from any opcode. */
function statusRow([id]: (typeof STATUSES)[number]): Row {
  return { id, make: (random) => exchangeOf(random, oneOf(random, OPCODES), id) };
}

/** STAT: one answer for each, then one without a key. */
const STAT: Row = {
  id: 'N16',
  make(random) {
    const opaque = opaqueOf(random);
    const head = { magic: ANSWER, opcode: 0x10, opaque };
    const asked = oneOf(random, [
      '',
      '',
      'reset',
      'settings',
      'detail on',
      'detail dump',
      'items',
      'sizes',
      'x',
    ]);
    let answer = '';
    for (let i = between(random, 0, random() < 0.9 ? 6 : 60); i > 0; i--) {
      const line = { key: oneOf(random, WORDS), value: random() < 0.9 ? '1' : '' };
      answer += said(random, { ...head, ...line });
    }
    const end = oddly(random, 0.05) ? '' : encode(head);
    return { ask: said(random, { ...head, magic: REQUEST, key: asked }), answer: answer + end };
  },
};

/** An opcode memcached does not know: it has read key and extras, and then reads over the body's length again. */
function swallowed(id: string, opcodes: (random: Random) => number): Row {
  return {
    id,
    make(random) {
      const opcode = opcodes(random);
      const opaque = opaqueOf(random);
      const name = random() < 0.7 ? key(random) : '';
      const message = { extras: extrasOf(random, oneOf(random, [0, 4, 8])), key: name, value: value(random) };
      const body = message.extras.length + name.length + message.value.length;
      // What is eaten: nothing to speak of, or whole requests.
      const next = exchangeOf(random, oneOf(random, OPCODES), undefined);
      const eaten = random() < 0.5 ? 'x'.repeat(body) : random() < 0.5 ? next.ask : '';
      return {
        ask: said(random, { magic: REQUEST, opcode, opaque, ...message }) + eaten,
        answer: failed(random, opcode, opaque, 'N69', name) + (random() < 0.3 ? next.answer : ''),
      };
    },
  };
}

/** An opcode another server knows and answers in its own way; whatever it is, the next request is behind its body. */
const FOREIGN: Row = {
  id: 'M28',
  make(random) {
    const opcode = oneOf(random, [0x1f, 0x3d, 0x60, 0x89, 0xb5, 0xff]);
    const opaque = opaqueOf(random);
    const name = key(random);
    const extras = extrasOf(random, oneOf(random, [0, 4, 8]));
    const status = random() < 0.7 ? 0 : oneOf(random, [0x01, 0x20, 0x81, ...OTHER_STATUSES]);
    return {
      ask: said(random, { magic: REQUEST, opcode, opaque, extras, key: name, value: value(random) }),
      answer: said(random, { magic: ANSWER, opcode, opaque, status, extras, value: value(random) }),
    };
  },
};

/** A request made so that memcached closes, which it does before or after it has answered. */
function closing(id: string, make: (random: Random) => Message, status: string | null): Row {
  return {
    id,
    make(random) {
      const opaque = opaqueOf(random);
      const message = make(random);
      const answer = status === null ? '' : failed(random, message.opcode, opaque, status, '');
      return { ask: encode({ ...message, opaque }), answer };
    },
  };
}

export const BINARY: Grammar = {
  name: 'binary',
  rows: [...OPCODES.map(operation), STAT, FOREIGN, ...STATUSES.map(statusRow)],
  breaking: [
    ...QUITS.map(operation),
    swallowed('N36-N48 M21', (random) => between(random, 0x30, 0x3c)),
    swallowed('N49 M21', (random) => oneOf(random, [0x1f, 0x25, 0x2f, 0x3d, 0x40, 0x80, 0xff])),
    closing(
      'M23',
      (random) =>
        oneOf(random, [
          { magic: REQUEST, opcode: 0x00, key: 'k'.repeat(251) },
          { magic: REQUEST, opcode: 0x00, key: key(random), extras: 'xxxx' },
          { magic: REQUEST, opcode: 0x04, key: key(random), value: value(random) },
        ]),
      'N64',
    ),
    closing(
      'M24',
      (random) => ({ magic: REQUEST, opcode: between(random, 0, 0x24), keySize: between(random, 1, 0xffff) }),
      'N69',
    ),
    closing('M25', (random) => ({ magic: between(random, 0, 255), opcode: between(random, 0, 255) }), null),
    closing('M26', (random) => ({ magic: ANSWER, opcode: between(random, 0, 0x24), key: key(random) }), null),
    closing(
      'M27',
      (random) => ({
        magic: REQUEST,
        opcode: between(random, 0, 0x24),
        key: key(random),
        bodySize: oneOf(random, [0x7fffffff, 0x40000000, 0x40000001, 0x80000000, 0xffffffff]),
      }),
      'N64',
    ),
  ],
};
