/** The recorder as its parent sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, MembenchError } from '../errors.js';
import { loadLibc } from '../native/libc.js';
import type { PoolEvents } from '../pool/pool.js';
import { descriptorsOf, type LiveFeed, withDescriptors } from '../source/source.js';
import type { FromRecorder, ToRecorder } from './messages.js';
import type { RecorderHandle, RecorderProgress, RecorderResult, RecorderSettings } from './recorder.js';

/** The first descriptor of a feed in the child: stdin, stdout, stderr and the channel come before. */
const FIRST_FD = 4;

type LiveSettings = RecorderSettings & { feed: LiveFeed };

/** A recorder in a process without rights. */
export class RecorderChild implements RecorderHandle {
  readonly #settings: LiveSettings;
  readonly #user: { uid: number; gid: number } | null;
  readonly #events: PoolEvents;
  #child: ChildProcess | undefined;
  #progress: RecorderProgress = {
    bytesRead: 0,
    packets: 0,
    requests: 0,
    hits: 0,
    misses: 0,
    lost: 0,
    lag: null,
  };
  readonly #ready = promise<void>();
  readonly #done = promise<RecorderResult>();

  /** @param user who it becomes; null where this process is not root */
  constructor(settings: LiveSettings, user: { uid: number; gid: number } | null, events: PoolEvents) {
    this.#settings = settings;
    this.#user = user;
    this.#events = events;
    // Each failure is reported once, by whoever waits at the time.
    this.#ready.value.catch(() => {});
    this.#done.value.catch(() => {});
  }

  /** The child's pid, for tests that end it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async ready(): Promise<void> {
    const { feed } = this.#settings;
    // Inherited by the child, whose threads are all started later. It costs this process nothing: it
    // starts no program that would have to gain rights. A stream can do without, where there is no koffi.
    const libc = await loadLibc().catch((error: unknown) => {
      if (feed.kind !== 'stream') throw error;
      return undefined;
    });
    libc?.giveUpGaining();
    const fds = descriptorsOf(feed);
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    // By way of a program without capabilities of its file: those of node, where somebody has given it some,
    // would be kept across its own exec, as this process holds them (capabilities(7), no_new_privs).
    const child = spawn('/bin/sh', ['-c', 'exec "$0" "$@"', process.execPath, main], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', ...fds],
      serialization: 'advanced',
      // Nothing of the environment is needed, and options for Node in it would be somebody else's code.
      env: {},
    });
    this.#child = child;
    child.on('message', (message: FromRecorder) => this.#onMessage(message));
    child.on('error', (error) =>
      this.#fail(new MembenchError('ERR_MEMBENCH_WORKER', `recorder: ${error.message}`, undefined, error)),
    );
    child.on('exit', (code, signal) => {
      this.#fail(
        new MembenchError('ERR_MEMBENCH_WORKER', `the recorder ended early (${signal ?? `exit ${code}`})`),
      );
    });
    await this.#ready.value;
  }

  run(): Promise<RecorderResult> {
    this.#send({ kind: 'run' });
    return this.#done.value;
  }

  stop(): void {
    this.#send({ kind: 'stop' });
  }

  flush(): void {
    this.#send({ kind: 'flush' });
  }

  blockWritten(): void {
    this.#send({ kind: 'written' });
  }

  progress(): RecorderProgress {
    return this.#progress;
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  #send(message: ToRecorder): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  #onMessage(message: FromRecorder): void {
    switch (message.kind) {
      case 'loaded': {
        const { feed } = this.#settings;
        const fds = descriptorsOf(feed).map((_, i) => FIRST_FD + i);
        this.#send({
          kind: 'start',
          settings: { ...this.#settings, feed: withDescriptors(feed, fds) },
          user: this.#user,
        });
        break;
      }
      case 'ready':
        this.#ready.resolve();
        break;
      case 'block':
        this.#events.onBlock(message.block);
        break;
      case 'rebuilt':
        this.#events.onRebuilt(message.worker, message.why);
        break;
      case 'progress':
        this.#progress = message.progress;
        break;
      case 'done':
        this.#done.resolve(message.result);
        break;
      case 'failed':
        this.#fail(new MembenchError(message.code as ErrorCode, message.message, message.hint));
        break;
    }
  }

  #fail(error: MembenchError): void {
    this.#ready.reject(error);
    this.#done.reject(error);
  }
}

function promise<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const value = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { value, resolve, reject };
}
