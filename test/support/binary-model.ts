/** A small memcached that speaks binary: what it answers to every request the random conversations send. */
import { encode, OPCODES } from './binary.js';
import { ascii, type Turn } from './conversation.js';
import { between, oneOf, seeded } from './random.js';

interface Item {
  value: string;
  flags: number;
  cas: bigint;
}

interface Exchange {
  request: Uint8Array;
  answer: Uint8Array;
}

/** Values that look like the protocol: lengths alone may end a value. */
const TRAPS = [
  String.fromCharCode(...encode({ magic: 0x80, opcode: OPCODES.NOOP! })),
  String.fromCharCode(...encode({ magic: 0x80, opcode: OPCODES.GET!, key: ascii('a') })),
  String.fromCharCode(...encode({ magic: 0x81, opcode: OPCODES.NOOP! })),
  'get x\r\n',
  '\x80\x81\0',
];
const SUCCESS = 0;
const NOT_FOUND = 1;
const EXISTS = 2;
const NOT_STORED = 5;
const NOT_A_NUMBER = 6;
const UNKNOWN = 0x81;
const TEXTS: Record<number, string> = {
  [NOT_FOUND]: 'Not found',
  [EXISTS]: 'Data exists for key.',
  [NOT_STORED]: 'Not stored.',
  [NOT_A_NUMBER]: 'Non-numeric server-side value for incr or decr',
  [UNKNOWN]: 'Unknown command',
};
const NONE = new Uint8Array(0);

function fields(...parts: [value: number | bigint, size: number][]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap(([value, size]) =>
      Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * (size - 1 - i))) & 255n)),
    ),
  );
}

export class BinaryModel {
  readonly #random: () => number;
  readonly #items = new Map<string, Item>();
  readonly #withCas: boolean;
  readonly #opaques: 'zero' | 'counted' | 'random';
  #cas = 0n;
  #opaque = 0;

  constructor(random: () => number, withCas: boolean) {
    this.#random = random;
    this.#withCas = withCas;
    this.#opaques = oneOf(random, ['zero', 'counted', 'counted', 'random'] as const);
  }

  #key(): string {
    const random = this.#random;
    return `key${'x'.repeat(random() < 0.1 ? between(random, 0, 246) : 3)}${between(random, 0, 9)}`;
  }

  #value(): string {
    const random = this.#random;
    if (random() < 0.3) return String(between(random, 0, 1e6));
    return Array.from({ length: between(random, 0, 5) }, () =>
      random() < 0.5 ? oneOf(random, TRAPS) : 'v'.repeat(between(random, 0, random() < 0.05 ? 5000 : 60)),
    ).join('');
  }

  /** A request by its opcode's name and what is answered to it, nothing where a quiet one has nothing to say. */
  #exchange(
    name: string,
    request: { key?: string; extras?: Uint8Array; value?: string; cas?: bigint },
    answer: { status: number; extras?: Uint8Array; key?: string; value?: Uint8Array; cas?: bigint },
    silent: boolean,
  ): Exchange {
    const random = this.#random;
    if (this.#opaques === 'counted') this.#opaque++;
    if (this.#opaques === 'random') this.#opaque = between(random, 0, 0xffffffff);
    const shared = { opcode: OPCODES[name] ?? Number(name), opaque: this.#opaque };
    const { key = '', value = '' } = request;
    const text = answer.key === undefined ? (TEXTS[answer.status] ?? '') : '';
    return {
      request: encode({ ...request, ...shared, magic: 0x80, key: ascii(key), value: ascii(value) }),
      answer: silent
        ? NONE
        : encode({
            ...answer,
            ...shared,
            magic: 0x81,
            key: ascii(answer.key ?? ''),
            value: answer.value ?? ascii(text),
          }),
    };
  }

  next(): Exchange {
    const pick = this.#random();
    if (pick < 0.5) return this.#retrieval();
    if (pick < 0.75) return this.#storage();
    if (pick < 0.9) return this.#change();
    return this.#other();
  }

  #retrieval(): Exchange {
    const key = this.#key();
    const item = this.#items.get(key);
    const name = oneOf(this.#random, ['GET', 'GET', 'GETQ', 'GETK', 'GETKQ', 'GAT', 'GATQ', 'GATK', 'GATKQ']);
    const named = name.includes('K');
    const extras = name.startsWith('GAT') ? fields([3600, 4]) : NONE;
    if (!item) {
      const missing = { status: NOT_FOUND, ...(named && { key }) };
      return this.#exchange(name, { key, extras }, missing, name.endsWith('Q'));
    }
    const { value, flags, cas } = item;
    const hit = {
      status: SUCCESS,
      extras: fields([flags, 4]),
      value: ascii(value),
      cas,
      ...(named && { key }),
    };
    return this.#exchange(name, { key, extras }, hit, false);
  }

  #storage(): Exchange {
    const random = this.#random;
    const name = oneOf(random, ['SET', 'SET', 'ADD', 'REPLACE', 'APPEND', 'PREPEND']);
    const quiet = random() < 0.3;
    const key = this.#key();
    const item = this.#items.get(key);
    const value = this.#value();
    const flags = oneOf(random, [0, 1, 0xffffffff]);
    const joins = name === 'APPEND' || name === 'PREPEND';
    const cas =
      this.#withCas && name === 'SET' && random() < 0.3 ? (item?.cas ?? 0n) + (random() < 0.5 ? 0n : 1n) : 0n;
    let status = SUCCESS;
    if (name === 'ADD' && item) status = EXISTS;
    else if (name === 'REPLACE' && !item) status = NOT_FOUND;
    else if (joins && !item) status = NOT_STORED;
    else if (cas && item?.cas !== cas) status = item ? EXISTS : NOT_FOUND;
    if (status === SUCCESS) {
      const whole =
        name === 'APPEND' ? item!.value + value : name === 'PREPEND' ? value + item!.value : value;
      this.#items.set(key, { value: whole, flags: joins ? item!.flags : flags, cas: ++this.#cas });
    }
    const extras = joins ? NONE : fields([flags, 4], [oneOf(random, [0, 3600, 2592000]), 4]);
    return this.#exchange(
      quiet ? `${name}Q` : name,
      { key, extras, value, cas },
      { status, cas: status === SUCCESS ? this.#cas : 0n },
      quiet && status === SUCCESS,
    );
  }

  #change(): Exchange {
    const random = this.#random;
    const quiet = random() < 0.3;
    const key = this.#key();
    const item = this.#items.get(key);
    const name = oneOf(random, ['DELETE', 'TOUCH', 'INCREMENT', 'DECREMENT']);
    if (name === 'DELETE') {
      this.#items.delete(key);
      const status = item ? SUCCESS : NOT_FOUND;
      return this.#exchange(quiet ? 'DELETEQ' : name, { key }, { status }, quiet && item !== undefined);
    }
    if (name === 'TOUCH') {
      const touched = item
        ? { status: SUCCESS, extras: fields([item.flags, 4]), cas: item.cas }
        : { status: NOT_FOUND };
      return this.#exchange(name, { key, extras: fields([3600, 4]) }, touched, false);
    }
    const number = item && /^\d{1,15} *$/.test(item.value);
    // What memcached takes for a number beyond that is not modelled.
    if (item && !number && /^[\d ]/.test(item.value)) return this.#other();
    const delta = between(random, 0, 1000);
    const extras = fields([delta, 8], [7, 8], [0xffffffff, 4]);
    const opcode = quiet ? `${name}Q` : name;
    if (!item || !number)
      return this.#exchange(opcode, { key, extras }, { status: item ? NOT_A_NUMBER : NOT_FOUND }, false);
    const old = Number(item.value);
    const next = name === 'INCREMENT' ? old + delta : Math.max(0, old - delta);
    // A shorter number is written over the old one.
    const value = String(next).padEnd(item.value.length);
    this.#items.set(key, { value, flags: item.flags, cas: ++this.#cas });
    return this.#exchange(
      opcode,
      { key, extras },
      { status: SUCCESS, value: fields([next, 8]), cas: this.#cas },
      quiet,
    );
  }

  #other(): Exchange {
    switch (between(this.#random, 0, 4)) {
      case 0:
        return this.#exchange('VERSION', {}, { status: SUCCESS, value: ascii('1.6.18') }, false);
      case 1:
        return this.#exchange('0x40', { value: 'x' }, { status: UNKNOWN }, false);
      case 2:
        return this.#exchange('SASL_AUTH', { key: 'PLAIN', value: '\0a\0b' }, { status: UNKNOWN }, false);
      case 3: {
        const one = this.#exchange(
          'STAT',
          { key: 'settings' },
          { status: SUCCESS, key: 'maxbytes', value: ascii('1') },
          false,
        );
        const last = encode({ magic: 0x81, opcode: OPCODES.STAT!, opaque: this.#opaque });
        return { request: one.request, answer: Buffer.concat([one.answer, last]) };
      }
      default:
        return this.#exchange('NOOP', {}, { status: SUCCESS }, false);
    }
  }
}

/**
 * A binary conversation of about `size` requests, pipelined at random, ended by a barrier. A real server numbers
 * its items in its own way, so a comparison with one leaves `cas` out of the requests.
 */
export function randomBinaryConversation(seed: number, size: number, withCas = true): Turn[] {
  const random = seeded(seed);
  const model = new BinaryModel(random, withCas);
  const turns: Turn[] = [];
  for (let done = 0; done < size; ) {
    const depth = random() < 0.5 ? between(random, 2, 8) : 1;
    const exchanges = Array.from({ length: depth }, () => model.next());
    done += depth;
    turns.push({ from: 'client', bytes: Buffer.concat(exchanges.map(({ request }) => request)) });
    const answer = Buffer.concat(exchanges.map(({ answer }) => answer));
    if (answer.length) turns.push({ from: 'server', bytes: answer });
  }
  const barrier = { opcode: OPCODES.NOOP!, opaque: 0xabcdef };
  turns.push(
    { from: 'client', bytes: encode({ ...barrier, magic: 0x80 }) },
    { from: 'server', bytes: encode({ ...barrier, magic: 0x81 }) },
  );
  return turns;
}
