/** The recorder process, as its parent uses it. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { MembenchError } from '../errors.js';
import { loadLibc } from '../native/libc.js';
import type { PoolEvents } from '../pool/pool.js';
import { plainText } from '../source/plain-text.js';
import { descriptorsOf, type LiveFeed, withDescriptors } from '../source/source.js';
import { Reports } from './accept.js';
import { frameHead, Refused } from './frames.js';
import { handDown } from './hand-down.js';
import {
  CHANNEL_FD,
  FIRST_FD,
  type FromRecorder,
  packStart,
  TO_RECORDER,
  type ToRecorder,
} from './messages.js';
import type { RecorderHandle, RecorderProgress, RecorderResult, RecorderSettings } from './recorder.js';
import type { Sandbox } from './sandbox.js';

/** Most bytes that wait for a recorder that does not read: thousands of messages, and it gets few. */
const UNHEARD_MAX = 64 * 1024;
/** Most characters of a recorder's stderr that are kept, and that are shown. */
const STDERR_MAX = 8192;
const STDERR_SHOWN = 300;
/** Longest time to read the socket of a recorder to its end after its exit, ms. */
const LAST_WORDS = 1000;

type LiveSettings = RecorderSettings & { feed: LiveFeed };

/** A recorder in a process without rights. */
export class RecorderChild implements RecorderHandle {
  readonly #settings: LiveSettings;
  readonly #user: { uid: number; gid: number } | null;
  readonly #events: PoolEvents;
  readonly #program: string;
  readonly #forGood: boolean;
  readonly #reports: Reports;
  #child: ChildProcess | undefined;
  #socket: Socket | undefined;
  #progress: RecorderProgress = {
    bytesRead: 0,
    packets: 0,
    requests: 0,
    hits: 0,
    misses: 0,
    lost: 0,
    lag: null,
  };
  readonly #ready = promise<Sandbox>();
  readonly #done = promise<RecorderResult>();

  /**
   * @param user user that the recorder becomes; null where this process is not root
   * @param program program of the recorder; tests have others
   * @param forGood whether this process may give up rights it cannot get back, see `handDown`
   */
  constructor(
    settings: LiveSettings,
    user: { uid: number; gid: number } | null,
    events: PoolEvents,
    program = fileURLToPath(new URL('./main.js', import.meta.url)),
    forGood = false,
  ) {
    this.#settings = settings;
    this.#user = user;
    this.#events = events;
    this.#program = program;
    this.#forGood = forGood;
    this.#reports = new Reports(settings.workers);
    // A failure is reported by the promise that is awaited at the time.
    this.#ready.value.catch(() => {});
    this.#done.value.catch(() => {});
  }

  /** Process id of the recorder, for tests that end it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async ready(): Promise<Sandbox> {
    const { feed } = this.#settings;
    // no_new_privs is inherited by the child and all its threads. It costs this process nothing, because it
    // starts no program that has to gain rights. A stream works without it, where koffi is missing.
    const libc = await loadLibc().catch((error: unknown) => {
      if (feed.kind !== 'stream') throw error;
      return undefined;
    });
    libc?.giveUpGaining();
    const fds = descriptorsOf(feed);
    // Started through a shell, which has no file capabilities: where the file of node has some, they would be
    // kept across its exec, as this process holds them (capabilities(7), no_new_privs).
    const command = ['-c', 'exec "$0" "$@"', process.execPath, this.#program, String(FIRST_FD + fds.length)];
    // Its stderr is a pipe: with a descriptor of the terminal it could control the terminal and insert input
    // (ioctl_tty(2), TIOCSTI). A session of its own (setsid(2)) would prevent that, too, but would also make
    // it a scheduling group of its own (sched(7), autogroup), and packets would be lost.
    const start = () =>
      spawn('/bin/sh', command, {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...fds],
        // The environment is not needed, and NODE_OPTIONS in it could load foreign code.
        env: {},
      });
    const { started: child, bounded } =
      libc === undefined ? { started: start(), bounded: false } : await handDown(this.#forGood, start);
    this.#child = child;
    this.#listen(child);
    const own = withDescriptors(
      feed,
      fds.map((_, i) => FIRST_FD + i),
    );
    this.#start({ ...this.#settings, feed: own }, bounded);
    return this.#ready.value;
  }

  run(): Promise<RecorderResult> {
    this.#reports.run();
    this.#send('run');
    return this.#done.value;
  }

  stop(): void {
    this.#send('stop');
  }

  flush(): void {
    this.#send('flush');
  }

  blockWritten(): void {
    this.#send('written');
  }

  progress(): RecorderProgress {
    return this.#progress;
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#socket?.destroy();
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    // Where the process was never started, there is no exit to wait for.
    if (child.kill('SIGKILL')) await gone;
  }

  #listen(child: ChildProcess): void {
    const socket = child.stdio[CHANNEL_FD] as Socket;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer<ArrayBuffer>) => this.#take(chunk));
    // The recorder is gone, which its exit reports.
    socket.on('error', () => {});
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, STDERR_MAX);
    });
    const ended = () => this.#fail(earlyEnd(child, said));
    child.on('error', (error) =>
      this.#fail(new MembenchError('ERR_MEMBENCH_WORKER', `recorder: ${error.message}`, undefined, error)),
    );
    // What it sent before is still to be read, but not for ever: another process may hold its end of the
    // socket.
    child.on('exit', () => setTimeout(ended, LAST_WORDS).unref());
    child.on('close', ended);
  }

  #start(settings: LiveSettings, bounded: boolean): void {
    const packed = packStart({ settings, user: this.#user, bounded });
    const { key, addressKey } = settings;
    this.#socket!.write(frameHead(TO_RECORDER.indexOf('start'), packed.length));
    this.#socket!.write(packed, () => {
      // The secrets are not needed here any more.
      for (const secret of [packed, key, addressKey]) secret.fill(0);
    });
  }

  #send(kind: Exclude<ToRecorder['kind'], 'start'>): void {
    const socket = this.#socket;
    if (socket === undefined || !socket.writable) return;
    if (socket.writableLength > UNHEARD_MAX) this.#refuse('more than it hears the answers to');
    else socket.write(frameHead(TO_RECORDER.indexOf(kind), 0));
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const message of this.#reports.push(chunk)) {
        this.#onMessage(message);
        if (this.#socket!.destroyed) return;
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refuse(error.message);
    }
  }

  /** Ends a recorder that sent what it must not, and may have been taken over; nothing more is accepted. */
  #refuse(what: string): void {
    this.#fail(new MembenchError('ERR_MEMBENCH_WORKER', `the recorder sent what it must not: ${what}`));
    this.#socket!.destroy();
    this.#child!.kill('SIGKILL');
  }

  #onMessage(message: FromRecorder): void {
    switch (message.kind) {
      case 'ready':
        this.#ready.resolve(message.sandbox);
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
        this.#fail(new MembenchError(message.code, message.message, message.hint));
        break;
    }
  }

  #fail(error: MembenchError): void {
    this.#ready.reject(error);
    this.#done.reject(error);
  }
}

/**
 * The error for a recorder that ended early, with the line of an exception in its stderr, or the last line.
 */
function earlyEnd(child: ChildProcess, said: string): MembenchError {
  const how = child.signalCode ?? `exit ${child.exitCode}`;
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((line) => /^(\w*Error\b|FATAL ERROR)/.test(line)) ?? lines.at(-1);
  const why = line === undefined ? '' : `: ${plainText(line, STDERR_SHOWN).trim()}`;
  return new MembenchError('ERR_MEMBENCH_WORKER', `the recorder ended early (${how})${why}`);
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
