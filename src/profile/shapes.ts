import { flagLetters } from '../event/values.js';
import type { Block, Shape } from './block.js';
import { presentBit } from './columns.js';

/** Which values an event of a shape has: the bits of EventShape.has, whatever bits its profile uses. */
export const HAS = {
  key: 1,
  value_size: 1 << 1,
  latency: 1 << 2,
  flags: 1 << 3,
  ttl: 1 << 4,
  delta: 1 << 5,
  initial: 1 << 6,
  cas_new: 1 << 7,
  vivify: 1 << 8,
  recache: 1 << 9,
  ttl_left: 1 << 10,
} as const;

/** What is the same in many events, with names for all of it. */
export interface EventShape {
  op: string;
  status: string;
  proto: string;
  transport: string;
  /** Null where none was sent. */
  mode: string | null;
  cas: boolean;
  quiet: boolean;
  /** Flags of a meta request, as letters; empty where there are none. */
  metaFlags: string;
  marks: readonly string[];
  /** Bit set over HAS. */
  has: number;
}

const COLUMNS = Object.keys(HAS) as (keyof typeof HAS)[];

/** The shapes of several blocks and profiles, each once; events carry the number of theirs. */
export class ShapeTable {
  readonly shapes: EventShape[] = [];
  readonly #numbers = new Map<string, number>();

  /** The numbers of a block's shapes, in the order of its table. */
  numbersOf({ shapes, names }: Block): Uint32Array {
    const bits = COLUMNS.map((column) => [HAS[column], presentBit(names, column)] as const);
    return Uint32Array.from(shapes, (shape) => this.#numberOf(namedShape(shape, bits)));
  }

  #numberOf(shape: EventShape): number {
    const text = JSON.stringify(shape);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.shapes.length;
      this.#numbers.set(text, number);
      this.shapes.push(shape);
    }
    return number;
  }
}

function namedShape(shape: Shape, bits: readonly (readonly [has: number, present: number])[]): EventShape {
  const { op, status, proto, transport, mode, traits, metaFlags, marks, present } = shape;
  let has = 0;
  for (const [bit, stored] of bits) if (present & stored) has |= bit;
  return {
    op,
    status,
    proto,
    transport,
    mode,
    cas: traits.includes('cas'),
    quiet: traits.includes('quiet'),
    metaFlags: flagLetters(metaFlags),
    marks,
    has,
  };
}
