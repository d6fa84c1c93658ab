import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordingClock } from './clock.js';
import { usesSimd } from './decode/simd.js';
import { MembenchError } from './errors.js';
import { ELSEWHERE_PREFIX, silenceHint, WITHOUT_REQUEST } from './event/hint.js';
import { bufferWithin } from './memory/budget.js';
import { hideOwnMemory } from './native/dumps.js';
import type { User } from './native/users.js';
import type { SealedBlock } from './pool/messages.js';
import type { Threads } from './pool/threads.js';
import { ProfileSeries } from './profile/series.js';
import type { RecordEnd, RecordOptions, RecordProgress, RecordSummary } from './record-options.js';
import { RecorderChild } from './recorder/child.js';
import { keepOnly } from './recorder/keep.js';
import {
  Recorder,
  type RecorderHandle,
  type RecorderResult,
  type RecorderSettings,
} from './recorder/recorder.js';
import type { Sandbox } from './recorder/sandbox.js';
import { sandboxChecks } from './recorder/sandbox-checks.js';
import { defaultProfile, durationUnits, memoryOf, recorderUser } from './recording-settings.js';
import { randomSecret, readSecret } from './secret/secret.js';
import { keepCaptures } from './source/kept.js';
import { isLive } from './source/names.js';
import { openSource } from './source/open.js';
import type { PacketSource } from './source/source.js';
import { summarize } from './summary.js';
import { version } from './version.js';

/** Bytes of all kernel rings of a live source: over a second of a busy server's traffic. */
const LIVE_BUFFER = 32 * 1024 * 1024;
/** How much later than a child process this one may receive a signal to stop, ms. */
const STOP_LATENESS = 20;
/** Longest wait for the reason why a live source ended, ms. */
const REASON_PATIENCE = 1000;
/** Time between two calls of onProgress, and two checks of rotation and of a live source's limits, ms. */
const PROGRESS_INTERVAL = 200;
/** The same where nobody asks for progress and nothing limits the recording, ms. */
const REST_INTERVAL = 500;

/** Runs the recording of `record()`. `threads` are those of its workers, where this process decodes. */
export async function runRecording(
  options: RecordOptions,
  workers: number,
  threads: Threads | undefined,
): Promise<RecordSummary> {
  // Before the memory has a secret or a packet. For files the C library, which takes long to load, follows
  // later.
  if (options.hideMemory) await hideOwnMemory(!isLive(options.source));
  const secret = options.keyFile === undefined ? randomSecret() : readSecret(options.keyFile);
  const hashSeed = randomBytes(8).readBigUInt64LE();
  const ports = options.ports ?? [[11211, 11211]];
  const sample = options.sample ?? 1;
  const user = await recorderUser(options);
  const memory = memoryOf(options);
  const source = await openSource(
    options.source,
    {
      ports,
      workers,
      buffer: bufferWithin(memory, options.buffer, LIVE_BUFFER),
      snaplen: options.snaplen,
      user,
      hashSeed,
      sample,
      attach: options.attach,
      ebpfValues: options.ebpfValues,
      ebpfBuffer: options.ebpfBuffer,
      wakeInterval: options.wakeInterval,
      parseKey: options.kernelParse ? secret.key : undefined,
    },
    (message) => options.onInfo?.(message),
    options.signal,
  ).catch((error: unknown) => stoppedOr(error, options));
  try {
    const clock = new RecordingClock();
    const settings: RecorderSettings = {
      feed: source.feed,
      workers,
      buffer: options.buffer,
      memory,
      ports,
      // This process watches the limits of a live source.
      count: source.finite ? (options.count ?? 0) : 0,
      duration: source.finite ? durationUnits(options.duration, source.unit) : 0n,
      run: randomBytes(16),
      key: secret.key,
      addressKey: secret.addressKey,
      hashSeed,
      sample,
      snaplen: options.snaplen,
      simd: usesSimd(),
      clock: clock.offset,
      zeroCopy: options.zeroCopy ?? true,
    };
    return await new Recording(options, source, settings, { keyId: secret.id, user, clock, threads }).run();
  } finally {
    source.close();
  }
}

/**
 * Throws the error of a live recording that failed before its first packet, or ERR_MEMBENCH_ABORTED where it
 * was stopped. A terminal and timeout(1) signal the child processes, too, and a child that has just started
 * dies of it.
 */
async function stoppedOr(error: unknown, { source, signal }: RecordOptions): Promise<never> {
  // The child's end may be noticed before this process gets its own signal.
  if (isLive(source)) await sleep(STOP_LATENESS);
  if (!isLive(source) || !signal?.aborted) throw error;
  throw new MembenchError(
    'ERR_MEMBENCH_ABORTED',
    'stopped before there was anything to record',
    undefined,
    error,
  );
}

function withResolvers(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

interface RecordingParts {
  keyId: Uint8Array;
  /** User who decodes live packets; null where that is the user of this process. */
  user: User | null;
  clock: RecordingClock;
  threads: Threads | undefined;
}

/** One recording from its first packet to its footer: the half that has the source and the profile. */
class Recording {
  readonly #options: RecordOptions;
  readonly #source: PacketSource;
  readonly #settings: RecorderSettings;
  readonly #keyId: Uint8Array;
  readonly #path: string;
  readonly #user: User | null;
  readonly #clock: RecordingClock;
  readonly #threads: Threads | undefined;
  #writer!: ProfileSeries;
  #recorder!: RecorderHandle;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;
  /** Resolves when the source sends nothing any more. */
  readonly #over = withResolvers();
  /** What failed while it ran, besides failures that the recorder reports. */
  #broken: RecordSummary['broken'] = null;
  /** Why it was told to stop, if it was. */
  #reason: RecordEnd | undefined;
  /** Whether packets may have arrived. */
  #begun = false;
  /** Whether it has warned that no request arrives. */
  #silent = false;
  #started = process.hrtime.bigint();
  #startedAt = 0n;

  constructor(
    options: RecordOptions,
    source: PacketSource,
    settings: RecorderSettings,
    { keyId, user, clock, threads }: RecordingParts,
  ) {
    this.#options = options;
    this.#source = source;
    this.#settings = settings;
    this.#keyId = keyId;
    this.#user = user;
    this.#clock = clock;
    this.#threads = threads;
    this.#path = options.profile ?? defaultProfile(new Date());
    keepCaptures(source, this.#path);
  }

  async run(): Promise<RecordSummary> {
    const { signal } = this.#options;
    const onAbort = () => this.#stop('signal');
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#recorder = this.#makeRecorder();
      // Live, an existing profile is replaced only after all other steps that may fail.
      if (this.#source.finite) this.#writer = this.#createProfile();
      const sandbox = await this.#recorder.ready();
      this.#writer ??= this.#createProfile();
      if (sandbox !== null) await this.#confined(sandbox);
      const done = this.#recorder.run();
      await this.#startSource();
      if (signal?.aborted) onAbort();
      // It may have been told to stop before the source and the recorder ran.
      if (this.#reason !== undefined) this.#halt();
      const result = await done;
      // Where a live stream ends by itself, the source reports the reason a moment later.
      if (!this.#source.finite && this.#reason === undefined) {
        await Promise.race([this.#over.promise, sleep(REASON_PATIENCE)]);
        this.#reason ??= 'interface gone';
      }
      if (this.#failure !== undefined) throw this.#failure;
      return this.#finish(result);
    } catch (error) {
      this.#writer?.abandon();
      if (!this.#begun) await stoppedOr(error, this.#options);
      throw error;
    } finally {
      clearInterval(this.#timer);
      signal?.removeEventListener('abort', onAbort);
      await this.#recorder?.close();
    }
  }

  /** Files are decoded in this process, live packets in another one, without rights. */
  #makeRecorder(): RecorderHandle {
    const events = {
      onBlock: (block: SealedBlock) => this.#write(block),
      onRebuilt: (worker: number, why: string) => {
        this.#options.onWarning?.(`worker ${worker} failed and was replaced: ${why}`);
        // A worker may fail before there is a profile.
        this.#attempt(() => this.#writer?.writeNote('worker replaced', this.#clock.now()));
      },
    };
    const { feed } = this.#settings;
    if (feed.kind === 'captures') return new Recorder(this.#settings, events, { threads: this.#threads });
    const { giveUpRights } = this.#options;
    return new RecorderChild({ ...this.#settings, feed }, this.#user, events, undefined, giveUpRights);
  }

  /**
   * Reports what confines the process that decodes, and gives up rights of this one that it no longer needs.
   */
  async #confined(sandbox: Sandbox): Promise<void> {
    const { onWarning, onDetail, giveUpRights } = this.#options;
    const { unfiltered } = sandbox;
    if (process.platform !== 'linux') return;
    if (unfiltered !== null)
      onWarning?.(`no system call is refused to the process that decodes: ${unfiltered}`);
    const user = this.#user ?? { name: 'this user', uid: process.getuid!() };
    const checks = sandboxChecks(sandbox, user).map(({ what, found }) => `${what}: ${found}`);
    onDetail?.(`the process that decodes: ${checks.join('; ')}`);
    // Without koffi nothing can be given up, and of the sources with rights only pcap: works.
    if (!giveUpRights || !sandbox.noNewPrivs) return;
    const { capabilities, others } = await keepOnly(this.#source.needs);
    const kept = capabilities.length === 0 ? 'no capability' : capabilities.join(', ');
    const more = others === 0 ? '' : `; ${others} helper threads of Node keep what they were started with`;
    onDetail?.(`the process that writes keeps ${kept}${more}`);
  }

  #createProfile(): ProfileSeries {
    const { run, workers, ports } = this.#settings;
    const { force, rotateSize, rotateTime, files, fsync } = this.#options;
    return ProfileSeries.create(this.#path, {
      force: force ?? false,
      rotateSize,
      rotateTime,
      files,
      fsync,
      header: {
        run,
        created_ns: this.#clock.now(),
        tool: `membench ${version}`,
        source: this.#source.kind,
        unit: this.#source.unit,
        workers,
        ports,
        key_id: this.#keyId,
        sample: this.#settings.sample,
      },
    });
  }

  async #startSource(): Promise<void> {
    const { onStart, onInfo, onWarning } = this.#options;
    const source = this.#source;
    source.onChange = ({ what, message, over, failed }) => {
      if (failed) this.#broken = { name: source.kind, why: message };
      else onWarning?.(message);
      this.#attempt(() => this.#writer.writeNote(what, this.#clock.now()));
      if (!over) return;
      this.#stop(failed ? 'broken source' : 'interface gone');
      this.#over.resolve();
    };
    if (!source.finite) this.#started = process.hrtime.bigint();
    this.#startedAt = this.#clock.now();
    this.#begun = true;
    try {
      await source.start();
    } catch (error) {
      this.#writer.discard();
      throw error;
    }
    if (!source.finite) onInfo?.(`recording ${source.info}`);
    onStart?.({ flush: () => this.#recorder.flush() });
    const { onProgress, count, duration } = this.#options;
    const isWatched = onProgress !== undefined || count !== undefined || duration !== undefined;
    this.#timer = setInterval(() => this.#look(), isWatched ? PROGRESS_INTERVAL : REST_INTERVAL);
  }

  /** Stops the source first and the workers next, so that they decode every packet captured before. */
  #stop(reason: RecordEnd): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#halt();
  }

  #halt(): void {
    this.#source.stop();
    this.#recorder?.stop();
  }

  #look(): void {
    this.#attempt(() => this.#writer.tick());
    const progress = this.#recorder.progress();
    const { onProgress, count, duration } = this.#options;
    const elapsed = this.#elapsed();
    onProgress?.({
      ...progress,
      live: !this.#source.finite,
      bytesTotal: this.#bytesTotal,
      elapsed,
    } satisfies RecordProgress);
    if (this.#source.finite) return;
    if (!this.#silent && elapsed >= WITHOUT_REQUEST && progress.requests === 0) {
      this.#silent = true;
      this.#options.onWarning?.(silenceHint(this.#settings.ports));
    }
    if (duration !== undefined && elapsed >= duration) this.#stop('duration');
    if (count !== undefined && progress.packets >= count) this.#stop('count');
  }

  #write(block: SealedBlock): void {
    this.#attempt(() => this.#writer.writeBlock(block.frame, block));
    this.#recorder.blockWritten(block);
  }

  /** Writes to the profile. A write error ends the recording; what was written before stays. */
  #attempt(write: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      write();
    } catch (error) {
      this.#failure = error;
      this.#stop('write error');
    }
  }

  get #bytesTotal(): number | null {
    const { feed } = this.#source;
    if (feed.kind !== 'captures') return null;
    const sizes = feed.captures.map(({ bytesTotal }) => bytesTotal);
    return sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + size!, 0);
  }

  #elapsed(): number {
    return Number(process.hrtime.bigint() - this.#started) / 1e9;
  }

  #finish({ counters, ended, broken, span, lag, elsewhere }: RecorderResult): RecordSummary {
    const byItself = this.#source.finite && ended !== 'stopped';
    const why: RecordEnd = byItself ? (ended as RecordEnd) : (this.#reason ?? 'signal');
    const unit = BigInt(this.#source.unit);
    // The span of a live recording is its duration, whether packets arrived or not.
    const inFile = this.#source.finite ? span : null;
    const first = inFile === null ? this.#startedAt : inFile.first * unit;
    const last = inFile === null ? this.#clock.now() : inFile.last * unit;
    const others = elsewhere.map(([port, packets]) => [`${ELSEWHERE_PREFIX}${port}`, packets]);
    const counts: Record<string, number> = { ...counters, ...Object.fromEntries(others) };
    this.#writer.finish({
      ended: why,
      elapsed_ns: process.hrtime.bigint() - this.#started,
      counts: Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0)),
      first_ns: first,
      last_ns: last,
    });
    return summarize({
      source: this.#source,
      counters,
      counts,
      ports: this.#settings.ports,
      elapsed: this.#elapsed(),
      writer: this.#writer,
      ended: why,
      broken: broken ?? this.#broken,
      lag,
      span: Number(last - first) / 1e9,
    });
  }
}
