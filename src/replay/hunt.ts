/** The way from speed to speed, until the highest is found that holds a limit. */
import { Gathered, type Sent } from './session.js';
import { percentileOf, totalOf } from './slice-figures.js';
import type { Stages } from './stages.js';
import { type Estimate, estimate, sureBelow } from './statistics.js';

/** One speed that was tried. */
export interface Probe {
  speed: number;
  slices: number;
  rate: Estimate;
  /** The percentile; null where more requests failed than may lie above it. */
  latency_ns: Estimate | null;
  holds: boolean;
  /** False: the client was the bottleneck. */
  valid: boolean;
}

/** What a search found. */
export interface Found {
  /** The highest speed that held the limit; null where none did. */
  speed: number | null;
  /** Of the slices that were sent at this speed after it was found; null as `speed`. */
  rate: Estimate | null;
  latency_ns: Estimate | null;
  slices: number;
  /** How sure it is that the limit holds at this speed, 0 to 1. */
  sure: number | null;
  /** The lowest speed that was tried, above it, and did not hold the limit; null where all did. */
  above: number | null;
  /** What kept that speed from holding; `range`: no higher one was tried; null where nothing was. */
  limited_by: 'latency' | 'errors' | 'client' | 'range' | null;
  /** All speeds, in the order they were tried. */
  probes: Probe[];
}

/** Slices of a speed: at least, and at most where it stays unclear on which side of the limit it is. */
const [SLICES_MIN, SLICES_MAX] = [3, 7];
/** Slices that are sent at the speed that was found. */
const SLICES_LAST = 10;
/** So far above the limit two slices are enough. */
const CLEARLY = 2;
/** Speeds are told apart by this factor. */
const PRECISION = 1.05;
/** Speeds that are tried: 2^±10. */
const RANGE = 2 ** 10;
/** Times the speed is lowered where it does not hold when it is looked at again. */
const LOWERED_MAX = 8;

/** What slices sent at one speed say. */
class Tried {
  readonly speed: number;
  readonly #sent = new Gathered();
  readonly #share: number;
  readonly #limit: number;

  constructor(speed: number, share: number, limit: number) {
    this.speed = speed;
    this.#share = share;
    this.#limit = limit;
  }

  add(sent: Sent): void {
    this.#sent.add(sent);
  }

  get slices(): number {
    return this.#sent.slices.length;
  }

  /** Whether the limit holds; null where it is not clear yet. */
  get verdict(): boolean | null {
    const { values } = this;
    if (values.includes(Number.POSITIVE_INFINITY)) return false;
    if (values.length >= 2 && values.every((value) => value > CLEARLY * this.#limit)) return false;
    if (values.length < SLICES_MIN) return null;
    const { low, high } = estimate(values, 'log')!;
    if (high! <= this.#limit) return true;
    return low! > this.#limit ? false : null;
  }

  /** Whether the limit holds by all that is known. */
  get holds(): boolean {
    const value = estimate(this.values, 'log')?.value ?? Number.POSITIVE_INFINITY;
    return this.verdict ?? value <= this.#limit;
  }

  get sure(): number | null {
    const { values } = this;
    return values.includes(Number.POSITIVE_INFINITY) ? 0 : sureBelow(values, this.#limit);
  }

  get probe(): Probe {
    const { values } = this;
    return {
      ...{ speed: this.speed, slices: this.slices, rate: this.#sent.rate! },
      latency_ns: values.includes(Number.POSITIVE_INFINITY) ? null : estimate(values, 'log'),
      holds: this.holds,
      valid: this.#sent.summary.valid,
    };
  }

  /** The percentile of each slice; infinite where more failed than may lie above it. */
  get values(): number[] {
    return this.#sent.slices.flatMap(({ latency, errors }) => {
      const answered = totalOf(latency);
      if (answered + errors === 0) return [];
      const share = (this.#share * (answered + errors)) / answered;
      return [share > 1 || answered === 0 ? Number.POSITIVE_INFINITY : percentileOf(latency, share)!];
    });
  }
}

/** Goes from speed to speed. */
export class Hunt {
  readonly #stages: Pick<Stages, 'slice'>;
  readonly #share: number;
  readonly #limit: number;
  readonly #tried: Tried[] = [];
  #found: Tried | null = null;

  /** @param limit nanoseconds */
  constructor(stages: Pick<Stages, 'slice'>, share: number, limit: number) {
    this.#stages = stages;
    this.#share = share;
    this.#limit = limit;
  }

  /** @throws Ended; what was found until then is in `result` */
  async run(): Promise<void> {
    let low = 1;
    let high = 1;
    if (await this.#try(1)) {
      do {
        low = high;
        high *= 2;
      } while (high <= RANGE && (await this.#try(high)));
    } else {
      do {
        high = low;
        low /= 2;
      } while (low >= 1 / RANGE && !(await this.#try(low)));
      if (low < 1 / RANGE) return;
    }
    while (high <= RANGE && high / low > PRECISION) {
      const middle = rounded(Math.sqrt(low * high));
      if (middle <= low || middle >= high) break;
      if (await this.#try(middle)) low = middle;
      else high = middle;
    }
    await this.#confirm(low);
  }

  /** Looks again at the speed that was found, which luck may have helped, and goes lower until one holds. */
  async #confirm(speed: number): Promise<void> {
    for (let lowered = 0; lowered <= LOWERED_MAX; lowered++) {
      const lower = lowered === 0 ? speed : rounded(speed / PRECISION ** lowered);
      const last = new Tried(lower, this.#share, this.#limit);
      this.#tried.push(last);
      while (last.slices < SLICES_LAST && !(last.slices >= SLICES_MIN && last.verdict === false))
        await this.#send(last, 'looked at again');
      if (!last.holds) continue;
      this.#found = last;
      return;
    }
  }

  async #try(speed: number): Promise<boolean> {
    const tried = new Tried(speed, this.#share, this.#limit);
    this.#tried.push(tried);
    while (tried.verdict === null && tried.slices < SLICES_MAX) await this.#send(tried, 'tried');
    return tried.holds;
  }

  async #send(tried: Tried, what: string): Promise<void> {
    const stage = `speed ${tried.speed} ${what}, slice ${tried.slices + 1}`;
    tried.add(await this.#stages.slice(stage, tried.speed));
  }

  get result(): Found {
    const probes = this.#tried.filter(({ values }) => values.length > 0).map(({ probe }) => probe);
    const found = this.#found;
    const probe = found?.probe ?? null;
    const failed = probes.filter(({ holds, speed }) => !holds && (found === null || speed > found.speed));
    const above = failed.sort((a, b) => a.speed - b.speed)[0] ?? null;
    return {
      speed: probe?.speed ?? null,
      rate: probe?.rate ?? null,
      latency_ns: probe?.latency_ns ?? null,
      slices: probe?.slices ?? 0,
      sure: found?.sure ?? null,
      above: above?.speed ?? null,
      limited_by: above === null ? (found === null ? null : 'range') : causeOf(above),
      probes: this.#tried.filter(({ values }) => values.length > 0).map((tried) => tried.probe),
    };
  }
}

function causeOf({ latency_ns, valid }: Probe): 'latency' | 'errors' | 'client' {
  if (latency_ns === null) return 'errors';
  return valid ? 'latency' : 'client';
}

/** Three digits say as much as the precision. */
function rounded(speed: number): number {
  return Number(speed.toPrecision(3));
}
