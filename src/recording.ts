import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordingClock } from './clock.js';
import { usesSimd } from './decode/simd.js';
import { MembenchError } from './errors.js';
import { ELSEWHERE_PREFIX, hintOf, silenceHint, WITHOUT_REQUEST } from './event/hint.js';
import { payloadOf } from './event/payload.js';
import { COUNTER_NAMES } from './layout/generated.js';
import { bufferWithin, usableMemory } from './memory/budget.js';
import { hideOwnMemory } from './native/dumps.js';
import { findDecoder, type User } from './native/users.js';
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
import { randomSecret, readSecret } from './secret/secret.js';
import { isLive } from './source/names.js';
import { openSource } from './source/open.js';
import type { PacketSource } from './source/source.js';
import { version } from './version.js';

/** Bytes of all kernel rings of a live source: over a second of what a busy server says. */
const LIVE_BUFFER = 32 * 1024 * 1024;
/** How much later than a child this process may hear that it shall stop, ms. */
const STOP_LATENESS = 20;
/** How long the reason for the end of a live source may take, ms. */
const REASON_PATIENCE = 1000;
/** Between two calls of onProgress, and two looks at the profile and at a live source's limits, ms. */
const PROGRESS_INTERVAL = 200;

/** `membench-YYYYMMDDTHHMMSS.mbp`, UTC. */
function defaultProfile(now: Date): string {
  return `membench-${now.toISOString().replace(/[-:]|\.\d+Z$/g, '')}.mbp`;
}

/** The recording `record()` promises. `threads` are those of its workers, where it decodes in this process. */
export async function runRecording(
  options: RecordOptions,
  workers: number,
  threads: Threads | undefined,
): Promise<RecordSummary> {
  // Before there is a secret or a packet in it. To load the C library takes as long as many a file.
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
      // A live source's limits are kept by whoever holds the source.
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
 * What a live recording that failed before its first packet failed of. A terminal, and timeout(1), signal the
 * children as well, and those do not ignore it in the first moments of their lives: then nothing went wrong.
 */
async function stoppedOr(error: unknown, { source, signal }: RecordOptions): Promise<never> {
  // Whoever tells this process may come later than the news of the child.
  if (isLive(source)) await sleep(STOP_LATENESS);
  if (!isLive(source) || !signal?.aborted) throw error;
  throw new MembenchError(
    'ERR_MEMBENCH_ABORTED',
    'stopped before there was anything to record',
    undefined,
    error,
  );
}

/** The cap on memory, if there is one: no more than can be used, and where that is less it is said. */
function memoryOf({ memory, onWarning }: RecordOptions): number | undefined {
  if (memory === undefined) return undefined;
  const usable = usableMemory(memory);
  if (usable < memory) {
    onWarning?.(`a memory of ${memory} bytes is more than 32 bits can address: ${usable} (4 GiB) are used`);
  }
  return usable;
}

/** Who decodes live packets: another user where this is root, null where there are no rights to give up. */
async function recorderUser({ source, user }: RecordOptions): Promise<User | null> {
  return isLive(source) && process.getuid?.() === 0 ? findDecoder(user) : null;
}

/** Packet time in units of the capture's clock, at least one; 0 where there is no limit. */
function durationUnits(seconds: number | undefined, unit: number): bigint {
  if (seconds === undefined) return 0n;
  const units = Math.min(Math.max(Math.round((seconds * 1e9) / unit), 1), Number.MAX_SAFE_INTEGER);
  return BigInt(units);
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
  /** Who decodes, null where this process keeps its user. */
  user: User | null;
  clock: RecordingClock;
  threads: Threads | undefined;
}

/** One recording from its first packet to its footer: the half that holds the source and the profile. */
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
  /** Nothing will come any more. */
  readonly #over = withResolvers();
  /** What failed while it ran, beside what the recorder knows. */
  #broken: RecordSummary['broken'] = null;
  /** Why it was told to stop, where it was. */
  #reason: RecordEnd | undefined;
  /** Packets may have come. */
  #begun = false;
  /** It was said that nothing comes. */
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
    if (isCapture(source, this.#path)) {
      throw new MembenchError(
        'ERR_MEMBENCH_USAGE',
        `${this.#path}: it is the capture itself`,
        'name another PROFILE',
      );
    }
  }

  async run(): Promise<RecordSummary> {
    const { signal } = this.#options;
    const onAbort = () => this.#stop('signal');
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#recorder = this.#makeRecorder();
      // What can fail without anybody's help fails first; live, an old profile is replaced only when
      // nothing can fail any more but the last step.
      if (this.#source.finite) this.#writer = this.#createProfile();
      const sandbox = await this.#recorder.ready();
      this.#writer ??= this.#createProfile();
      if (sandbox !== null) await this.#confined(sandbox);
      const done = this.#recorder.run();
      await this.#startSource();
      if (signal?.aborted) onAbort();
      // It may have been told to stop before there was anything to be stopped.
      if (this.#reason !== undefined) this.#halt();
      const result = await done;
      // A live stream that ends by itself is followed by the reason.
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

  /** A file is decoded here; live packets in a process without rights. */
  #makeRecorder(): RecorderHandle {
    const events = {
      onBlock: (block: SealedBlock) => this.#write(block),
      onRebuilt: (worker: number, why: string) => {
        this.#options.onWarning?.(`worker ${worker} failed and was replaced: ${why}`);
        // One may fail before there is a profile.
        this.#attempt(() => this.#writer?.writeNote('worker replaced', this.#clock.now()));
      },
    };
    const { feed } = this.#settings;
    if (feed.kind === 'captures') return new Recorder(this.#settings, events, { threads: this.#threads });
    const { giveUpRights } = this.#options;
    return new RecorderChild({ ...this.#settings, feed }, this.#user, events, undefined, giveUpRights);
  }

  /** Says what confines the process that decodes, and gives up here what is not needed any more. */
  async #confined(sandbox: Sandbox): Promise<void> {
    const { onWarning, onDetail, giveUpRights } = this.#options;
    const { unfiltered } = sandbox;
    if (process.platform !== 'linux') return;
    if (unfiltered !== null)
      onWarning?.(`no system call is refused to the process that decodes: ${unfiltered}`);
    const user = this.#user ?? { name: 'this user', uid: process.getuid!() };
    const checks = sandboxChecks(sandbox, user).map(({ what, found }) => `${what}: ${found}`);
    onDetail?.(`the process that decodes: ${checks.join('; ')}`);
    // Without koffi nothing can be given up, and no source that needs rights is open but pcap:.
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
    this.#timer = setInterval(() => this.#look(), PROGRESS_INTERVAL);
  }

  /** First the source, so that what has come is all there is; then the workers, once they have decoded it. */
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
    this.#recorder.blockWritten();
  }

  /** What is sealed stays; after a write error what is still to come has nowhere to go. */
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
    const reasons = (prefix: string) =>
      Object.fromEntries(
        COUNTER_NAMES.filter((name) => name.startsWith(prefix) && counters[name] > 0).map((name) => [
          name.slice(prefix.length),
          counters[name],
        ]),
      );
    const byItself = this.#source.finite && ended !== 'stopped';
    const why: RecordEnd = byItself ? (ended as RecordEnd) : (this.#reason ?? 'signal');
    const unit = BigInt(this.#source.unit);
    // Live it is the time that was looked, packets or not.
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
    return {
      source: this.#source.kind,
      packets: {
        seen: counters.packets_seen,
        decoded: counters.packets_decoded,
        skipped: reasons('skipped_'),
        lost: reasons('lost_'),
      },
      kernel: this.#source.kernel(counters),
      payload: payloadOf(counters),
      requests: counters.requests,
      events: counters.events,
      answered: counters.answered,
      unanswered: counters.unanswered,
      gaps: counters.gaps,
      bytes: counters.bytes,
      elapsed_s: this.#elapsed(),
      profile: {
        path: this.#writer.path,
        paths: this.#writer.paths,
        bytes: this.#writer.bytes,
        blocks: this.#writer.blocks,
      },
      ended: why,
      broken: broken ?? this.#broken,
      lag_ns: lag,
      hint: hintOf(counts, this.#settings.ports),
      span_s: Number(last - first) / 1e9,
      counters,
    };
  }
}

/** Whether the profile's path is the capture. Where nothing can be looked at, creating it will say why. */
function isCapture(source: PacketSource, path: string): boolean {
  try {
    return source.is(path);
  } catch {
    return false;
  }
}
