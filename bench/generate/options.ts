import { PAYLOAD_MAX } from './packets.js';

/** The commands of a generated dialogue. */
export const COMMANDS = ['get', 'mg', 'set', 'delete'] as const;
export type Command = (typeof COMMANDS)[number];

/** Options of a generated capture. */
export interface GenerateOptions {
  seed: number;
  /** Number of turns: one request of a connection (or several, see `pipelined`), then the answers. */
  exchanges: number;
  /** Number of connections; each opens when it is first used. */
  flows: number;
  keys: number;
  /** Zipf exponent of the popularity of keys. */
  zipf: number;
  /** Relative weights of the commands. */
  mix: Record<Command, number>;
  /** Share of the gets with several keys. */
  multiget: number;
  /** Most keys of such a get; the least number is 2. */
  multigetKeys: number;
  /** Share of the turns with 2 to 8 requests, half of these in one packet, half in a packet each. */
  pipelined: number;
  /** Mean size of a value, weighted by popularity, bytes; log-normal, 1 to 8192. */
  valueSize: number;
  /** Mean share of retrievals and deletes that find their key, weighted by popularity. */
  hitRatio: number;
  /** Request and answer packets a second. */
  rate: number;
  /** Median of the time until the answer, µs; log-normal. */
  latency: number;
  /**
   * Most payload bytes of a packet: 65483 as captured on a host with segmentation offload, 1448 on the wire.
   */
  mss: number;
  /** Whether connections open with a handshake and close with FINs. */
  handshake: boolean;
  /** Share of the answers that the client acknowledges with an empty packet. */
  acks: number;
  /** Probability that a packet is missing from the capture. */
  loss: number;
  /**
   * Probability that a data packet is captured after the next one of its turn; never for the last of a turn.
   */
  reorder: number;
}

/** The defaults: 2.5 M exchanges, 5.0 M packets, 1.03 GB. */
export const DEFAULTS: Readonly<GenerateOptions> = {
  seed: 1,
  exchanges: 2_500_000,
  flows: 1000,
  keys: 200_000,
  zipf: 0.99,
  mix: { get: 80, mg: 8, set: 10, delete: 2 },
  multiget: 0,
  multigetKeys: 20,
  pipelined: 0,
  valueSize: 200,
  hitRatio: 0.88,
  rate: 100_000,
  latency: 120,
  mss: PAYLOAD_MAX,
  handshake: true,
  acks: 0,
  loss: 0,
  reorder: 0,
};

/** Bounds of the numbers; all others are at least 0. */
const RANGES: { [Name in keyof GenerateOptions]?: [least: number, most: number] } = {
  exchanges: [0, 1e9],
  flows: [1, 3e6],
  keys: [1, 1e8],
  multiget: [0, 1],
  multigetKeys: [2, 100],
  pipelined: [0, 1],
  valueSize: [1, 4096],
  hitRatio: [0, 1],
  rate: [1, 1e9],
  mss: [1, PAYLOAD_MAX],
  acks: [0, 1],
  // Where every packet is missing, there is none to reorder or to end with.
  loss: [0, 0.99],
  reorder: [0, 1],
};
const WHOLE = new Set<string>(['seed', 'exchanges', 'flows', 'keys', 'multigetKeys', 'mss']);

/** Adds the defaults. @throws RangeError for the first option that is out of its range */
export function checkOptions(given: Partial<GenerateOptions>): GenerateOptions {
  const options = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== 'number') continue;
    const [least, most] = RANGES[name as keyof GenerateOptions] ?? [0, Number.MAX_SAFE_INTEGER];
    if (!(value >= least && value <= most) || (WHOLE.has(name) && !Number.isInteger(value))) {
      throw new RangeError(
        `${name} is ${value}, not ${WHOLE.has(name) ? 'an integer ' : ''}from ${least} to ${most}`,
      );
    }
  }
  const weights = COMMANDS.map((command) => options.mix[command]);
  if (!weights.every((weight) => weight >= 0) || !weights.some((weight) => weight > 0)) {
    throw new RangeError(`mix is ${JSON.stringify(options.mix)}: weights are at least 0, and one is more`);
  }
  return options;
}
