/** What a sweep and a search have in common: one server that is warmed up, and slices at different speeds. */
import { MembenchError } from '../errors.js';
import { seriesOfOne } from './judge.js';
import type { SliceEnd } from './sender.js';
import type { Sent, Session } from './session.js';
import type { SliceFigures } from './slice-figures.js';
import { SLICES_MIN, warmUpOf } from './steady.js';

/** How a server was warmed up. */
export interface WarmUp {
  /** Slices that were sent for it. */
  slices: number;
  speed: number;
  /** What went on changing to the end of the warm-up; none where it was warm. */
  unsteady: string[];
}

/** Slices after which a server is taken as it is. */
const SLICES_MAX = 3 * SLICES_MIN;

/** Thrown where a run of slices must end before its time. */
export class Ended extends Error {
  readonly end: SliceEnd;

  constructor(end: SliceEnd) {
    super(end);
    this.end = end;
  }
}

/** Sends slices at different speeds to one server. */
export class Stages {
  readonly session: Session;
  readonly #onStage: (stage: string) => void;
  readonly #secondsOf: (speed: number) => number;

  /** @param secondsOf how long a slice is at a speed */
  constructor(session: Session, secondsOf: (speed: number) => number, onStage?: (stage: string) => void) {
    this.session = session;
    this.#secondsOf = secondsOf;
    this.#onStage = (stage) => onStage?.(stage);
  }

  /**
   * Sends one slice.
   *
   * @throws Ended where the recording is over or the user stopped it, and where nothing is answered any more
   */
  async slice(stage: string, speed: number): Promise<Sent> {
    this.#onStage(stage);
    const duration = this.#secondsOf(speed);
    const sent = await this.session.slice({ pace: { kind: 'speed', factor: speed }, duration });
    const { end, figures } = sent;
    const isDead = end === 'errors' && figures.errors >= figures.count;
    if (isDead || end === 'stopped' || end === 'descriptors' || end === 'end of profile')
      throw new Ended(end);
    return sent;
  }

  /** Seconds of the slices at a speed. */
  secondsOf(speed: number): number {
    return this.#secondsOf(speed);
  }

  /**
   * Sends slices at one speed until the figures are steady.
   *
   * @throws Ended
   */
  async warmUp(speed: number): Promise<WarmUp> {
    const slices: SliceFigures[] = [];
    for (;;) {
      const { figures } = await this.slice(`warm-up, slice ${slices.length + 1}`, speed);
      slices.push(figures);
      if (slices.length < SLICES_MIN) continue;
      const { unsteady } = warmUpOf(seriesOfOne(slices));
      if (unsteady.length === 0 || slices.length === SLICES_MAX)
        return { slices: slices.length, speed, unsteady };
    }
  }
}

/** Range of the speeds, as that of `speed`. */
const [SPEED_MIN, SPEED_MAX] = [1e-6, 1e6];

/** @throws ERR_MEMBENCH_USAGE */
export function checkSpeed(name: string, speed: number): void {
  if (!(speed >= SPEED_MIN && speed <= SPEED_MAX))
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      `${name} is ${speed}, and may be from ${SPEED_MIN} to ${SPEED_MAX}`,
    );
}
