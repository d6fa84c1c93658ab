/** Follows the sample of keys while `count` counts. */
import type { RecordingClock } from '../clock.js';
import { randomSecret, readSecret } from '../secret/secret.js';
import type { KeySampling } from '../source/ebpf/counting.js';
import type { KeyRing } from './key-ring.js';
import { KeySample } from './key-sample.js';
import type { CountReport } from './options.js';
import type { Counted } from './report.js';

/** Bytes of the ring, which holds 87,000 requests and answers; and how often it is emptied, ms. */
export const RING_SIZE = 4 * 2 ** 20;
const DRAIN_INTERVAL = 100;

type Followed = Required<Pick<CountReport, 'keys' | 'interval_keys' | 'mrc' | 'key_sample'>>;

export class KeyFollower {
  /** What the program is loaded with. */
  readonly sampling: KeySampling;
  #sample: KeySample | undefined;
  #drain = () => {};
  #timer: NodeJS.Timeout | undefined;

  private constructor(limit: number, secret: Uint8Array) {
    this.sampling = { limit, secret, ringSize: RING_SIZE };
  }

  /**
   * Reads or makes the secret; undefined where no keys are to be followed.
   *
   * @throws ERR_MEMBENCH_KEY_FILE
   */
  static prepare(options: {
    keySample?: number | undefined;
    keyFile?: string | undefined;
  }): KeyFollower | undefined {
    const { keySample, keyFile } = options;
    if (keySample === undefined) return undefined;
    const { key } = keyFile === undefined ? randomSecret() : readSecret(keyFile);
    return new KeyFollower(Math.floor(2 ** 32 / keySample), key);
  }

  /** Begins, once the program is loaded: the secret is no longer needed. */
  start(ring: KeyRing | null, clock: RecordingClock): void {
    this.sampling.secret.fill(0);
    const start = clock.now();
    const sample = new KeySample(this.sampling.limit, start - clock.offset, start);
    this.#sample = sample;
    this.#drain = () => {
      const now = clock.now() - clock.offset;
      ring?.drain(sample.take);
      sample.settle(now);
    };
    // Without the timer a long interval would need a large ring.
    this.#timer = setInterval(this.#drain, DRAIN_INTERVAL);
  }

  /** @param all what the kernel counted since the start */
  report(all: Counted, last: boolean): Followed | undefined {
    const sample = this.#sample;
    if (sample === undefined) return undefined;
    this.#drain();
    if (last) sample.finish();
    const lost = (all.skipped.key_ring_full ?? 0) > 0;
    return {
      keys: sample.busiest(),
      interval_keys: sample.recent(),
      mrc: sample.mrc(all, lost),
      key_sample: sample.report,
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
