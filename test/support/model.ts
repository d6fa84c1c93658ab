/** A small memcached: what it answers to every command the random conversations send. */
import type { Turn } from './conversation.js';
import { ascii } from './conversation.js';
import { between, oneOf, seeded } from './random.js';

interface Item {
  value: string;
  flags: number;
  cas: number;
}

/** Text inside values that looks like the protocol: lengths alone may end a value. */
const TRAPS = [
  'get x\r\n',
  'END\r\n',
  'STORED\r\n',
  'VALUE x 0 1\r\n',
  'mn\r\n',
  'set x 0 0 1\r\n1\r\n',
  '\0\x80\xff',
  '\r\n',
  'HD\r\n',
];

export class Model {
  readonly #random: () => number;
  readonly #items = new Map<string, Item>();
  #cas = 0;

  readonly #storage: readonly string[];

  /** It is a proxy: values of a multiget come in any order. */
  readonly #proxy: boolean;

  constructor(random: () => number, withCas: boolean, proxy = false) {
    this.#random = random;
    this.#proxy = proxy;
    this.#storage = ['set', 'set', 'add', 'replace', 'append', 'prepend', withCas ? 'cas' : 'set'];
  }

  #key(): string {
    return `key${'x'.repeat(between(this.#random, 0, 3) === 0 ? between(this.#random, 0, 247) : 3)}${between(this.#random, 0, 9)}`.slice(
      0,
      250,
    );
  }

  #value(): string {
    const random = this.#random;
    if (random() < 0.3) return String(between(random, 0, 1e6));
    let text = '';
    const parts = between(random, 0, 6);
    for (let i = 0; i < parts; i++)
      text +=
        random() < 0.5 ? oneOf(random, TRAPS) : 'v'.repeat(between(random, 0, random() < 0.05 ? 5000 : 60));
    return text;
  }

  #store(key: string, value: string, flags: number): void {
    this.#items.set(key, { value, flags, cas: ++this.#cas });
  }

  /** One request and its answer, empty where there is none. */
  exchange(): { request: string; answer: string } {
    const random = this.#random;
    const pick = random();
    if (pick < 0.4) return this.#retrieval();
    if (pick < 0.6) return this.#storing();
    if (pick < 0.9) return this.#meta();
    return this.#other();
  }

  #retrieval() {
    const random = this.#random;
    const op = oneOf(random, ['get', 'get', 'gets', 'gat', 'gats', 'bget']);
    // Only lines of get and gets may outgrow 2048 bytes: a server closes on others.
    const keys = Array.from(
      { length: random() < 0.3 ? between(random, 2, /^gets?$/.test(op) ? 60 : 6) : 1 },
      () => this.#key(),
    );
    const space = random() < 0.1 ? '  ' : ' ';
    const request = `${op}${op.startsWith('gat') ? ' 100' : ''}${space}${keys.join(space)}${random() < 0.1 ? ' ' : ''}${random() < 0.1 ? '\n' : '\r\n'}`;
    const values: string[] = [];
    for (const key of keys) {
      const item = this.#items.get(key);
      if (!item) continue;
      const value = `VALUE ${key} ${item.flags} ${item.value.length}${op === 'gets' || op === 'gats' ? ` ${item.cas}` : ''}\r\n${item.value}\r\n`;
      values.splice(this.#proxy ? between(random, 0, values.length) : values.length, 0, value);
    }
    return { request, answer: `${values.join('')}END\r\n` };
  }

  #storing() {
    const random = this.#random;
    const op = oneOf(random, this.#storage);
    const key = this.#key();
    const value = this.#value();
    const flags = oneOf(random, [0, 1, 4294967295]);
    const item = this.#items.get(key);
    const unique = item && random() < 0.7 ? item.cas : 999999;
    const noreply = random() < 0.15;
    const size = random() < 0.1 ? `000${value.length}` : String(value.length);
    const request = `${op} ${key} ${flags} ${oneOf(random, [0, 60, 2592000, 2000000000])} ${size}${op === 'cas' ? ` ${unique}` : ''}${noreply ? ' noreply' : ''}\r\n${value}\r\n`;
    let answer = 'STORED';
    if (op === 'add' && item) answer = 'NOT_STORED';
    else if ((op === 'replace' || op === 'append' || op === 'prepend') && !item) answer = 'NOT_STORED';
    else if (op === 'cas') answer = !item ? 'NOT_FOUND' : item.cas === unique ? 'STORED' : 'EXISTS';
    if (answer === 'STORED') {
      if (op === 'append') this.#store(key, item!.value + value, item!.flags);
      else if (op === 'prepend') this.#store(key, value + item!.value, item!.flags);
      else this.#store(key, value, flags);
    }
    return { request, answer: noreply ? '' : `${answer}\r\n` };
  }

  #meta() {
    const random = this.#random;
    const key = this.#key();
    const base64 = random() < 0.2 && key.length <= 180;
    const shown = base64 ? Buffer.from(key).toString('base64') : key;
    const item = this.#items.get(key);
    const op = oneOf(random, ['mg', 'mg', 'mg', 'ms', 'md']);
    const quiet = random() < 0.25;
    const opaque = quiet || random() < 0.3 ? `O${between(random, 1, 1e9)}` : '';
    const flags: string[] = [];
    if (base64) flags.push('b');
    // 1.6.18 says nothing but the opaque of a request besides what is asked for.
    const returned: string[] = [];
    if (opaque) {
      flags.push(opaque);
      returned.push(opaque);
    }
    if (quiet) flags.push('q');
    // A hit shows its key as it was stored, in base64 or not; what it will be is not modelled.
    if (random() < 0.3 && !(base64 && item)) {
      flags.push('k');
      returned.push(`k${shown}`);
      if (base64) returned.push('b');
    }
    const line = (code: string, more: string[] = returned) => `${[code, ...more].join(' ')}\r\n`;
    if (op === 'mg') {
      const value = random() < 0.7;
      if (value) flags.push('v');
      if (random() < 0.3) {
        flags.push('s');
        if (item) returned.push(`s${item.value.length}`);
      }
      if (random() < 0.3) {
        flags.push('f');
        if (item) returned.push(`f${item.flags}`);
      }
      if (random() < 0.2) flags.push('T60');
      if (random() < 0.2) {
        flags.push('t');
        if (item) returned.push('t-1');
      }
      const request = `mg ${shown} ${flags.join(' ')}\r\n`;
      if (!item)
        return {
          request,
          answer: quiet
            ? ''
            : line(
                'EN',
                returned.filter((flag) => flag[0] === 'O' || flag[0] === 'k' || flag === 'b'),
              ),
        };
      return { request, answer: value ? `${line(`VA ${item.value.length}`)}${item.value}\r\n` : line('HD') };
    }
    if (op === 'ms') {
      const value = this.#value();
      const mode = oneOf(random, ['', 'ME', 'MA', 'MS', 'MR']);
      if (mode) flags.push(mode);
      const clientFlags = random() < 0.3;
      if (clientFlags) flags.push('F7', 'T0');
      const stored = mode === 'ME' ? !item : mode === 'MA' || mode === 'MR' ? Boolean(item) : true;
      // Appending keeps the flags that are there.
      if (stored)
        this.#store(
          key,
          mode === 'MA' ? item!.value + value : value,
          mode === 'MA' ? item!.flags : clientFlags ? 7 : 0,
        );
      const request = `ms ${shown} ${value.length} ${flags.join(' ')}\r\n${value}\r\n`;
      return { request, answer: stored ? (quiet ? '' : line('HD')) : line('NS') };
    }
    // Invalidation is left out: what stale items answer later depends on more than this model keeps.
    if (item) this.#items.delete(key);
    const request = `md ${shown} ${flags.join(' ')}\r\n`;
    return { request, answer: item ? (quiet ? '' : line('HD')) : line('NF') };
  }

  #other() {
    const random = this.#random;
    const key = this.#key();
    const item = this.#items.get(key);
    switch (between(random, 0, 7)) {
      case 0:
        this.#items.delete(key);
        return { request: `delete ${key}\r\n`, answer: item ? 'DELETED\r\n' : 'NOT_FOUND\r\n' };
      case 1: {
        const number = item && /^\d{1,9}$/.test(item.value);
        if (!item) return { request: `incr ${key} 5\r\n`, answer: 'NOT_FOUND\r\n' };
        if (!number)
          return {
            request: `incr ${key} 5\r\n`,
            answer: 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
          };
        const value = String(Number(item.value) + 5);
        this.#store(key, value, item.flags);
        return { request: `incr ${key} 5\r\n`, answer: `${value}\r\n` };
      }
      case 2:
        return { request: `touch ${key} 100\r\n`, answer: item ? 'TOUCHED\r\n' : 'NOT_FOUND\r\n' };
      case 3:
        return { request: 'mn\r\n', answer: 'MN\r\n' };
      case 4:
        return { request: 'version\r\n', answer: 'VERSION 1.6.18\r\n' };
      case 5:
        return { request: 'stats\r\n', answer: 'STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n' };
      case 6:
        return { request: `bogus ${key}\r\n`, answer: 'ERROR\r\n' };
      default:
        this.#items.delete(key);
        return { request: `delete ${key} noreply\r\n`, answer: '' };
    }
  }
}

/**
 * A conversation of about `size` requests, pipelined at random, ended by a barrier. A real server numbers
 * its items in its own way, so a comparison with one leaves `cas` out.
 */
export function randomConversation(seed: number, size: number, withCas = true, proxy = false): Turn[] {
  const random = seeded(seed);
  const model = new Model(random, withCas, proxy);
  const turns: Turn[] = [];
  for (let done = 0; done < size; ) {
    const depth = random() < 0.3 ? between(random, 2, 8) : 1;
    let request = '';
    let answer = '';
    for (let i = 0; i < depth; i++, done++) {
      const exchange = model.exchange();
      request += exchange.request;
      answer += exchange.answer;
    }
    turns.push({ from: 'client', bytes: ascii(request) });
    if (answer) turns.push({ from: 'server', bytes: ascii(answer) });
  }
  turns.push({ from: 'client', bytes: ascii('mn\r\n') }, { from: 'server', bytes: ascii('MN\r\n') });
  return turns;
}
