/** The recorder as its parent sees it. */
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

/** Bytes that may wait for a recorder that does not listen: thousands of messages, and it gets few. */
const UNHEARD_MAX = 64 * 1024;
/** Characters kept of what a recorder wrote to stderr, and shown of it. */
const STDERR_MAX = 8192;
const STDERR_SHOWN = 300;
/** How long the socket of a recorder that has ended may take to be read to its end, ms. */
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
   * @param user who it becomes; null where this process is not root
   * @param program what it runs; tests have others
   * @param forGood give up for it what this process cannot get back, see `handDown`
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
    // Each failure is reported once, by whoever waits at the time.
    this.#ready.value.catch(() => {});
    this.#done.value.catch(() => {});
  }

  /** The child's pid, for tests that end it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async ready(): Promise<Sandbox> {
    const { feed } = this.#settings;
    // Inherited by the child, whose threads are all started later. It costs this process nothing: it
    // starts no program that would have to gain rights. A stream can do without, where there is no koffi.
    const libc = await loadLibc().catch((error: unknown) => {
      if (feed.kind !== 'stream') throw error;
      return undefined;
    });
    libc?.giveUpGaining();
    const fds = descriptorsOf(feed);
    // By way of a program without capabilities of its file: those of node, where somebody has given it some,
    // would be kept across its own exec, as this process holds them (capabilities(7), no_new_privs).
    const command = ['-c', 'exec "$0" "$@"', process.execPath, this.#program, String(FIRST_FD + fds.length)];
    // Its stderr is read here: with a descriptor of the terminal it could steer it, and write its input
    // (ioctl_tty(2), TIOCSTI). A session of its own (setsid(2)) would also be a group of its own for the
    // scheduler (sched(7), autogroup), and the packets that wait behind others then are lost.
    const start = () =>
      spawn('/bin/sh', command, {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...fds],
        // Nothing of the environment is needed, and options for Node in it would be somebody else's code.
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
    // Where there never was a process nothing ends.
    if (child.kill('SIGKILL')) await gone;
  }

  #listen(child: ChildProcess): void {
    const socket = child.stdio[CHANNEL_FD] as Socket;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer<ArrayBuffer>) => this.#take(chunk));
    // It is gone, and its end will be told.
    socket.on('error', () => {});
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, STDERR_MAX);
    });
    const ended = () => this.#fail(earlyEnd(child, said));
    child.on('error', (error) =>
      this.#fail(new MembenchError('ERR_MEMBENCH_WORKER', `recorder: ${error.message}`, undefined, error)),
    );
    // What it had sent is still to be read; somebody else may hold its end of the socket for ever.
    child.on('exit', () => setTimeout(ended, LAST_WORDS).unref());
    child.on('close', ended);
  }

  #start(settings: LiveSettings, bounded: boolean): void {
    const packed = packStart({ settings, user: this.#user, bounded });
    const { key, addressKey } = settings;
    this.#socket!.write(frameHead(TO_RECORDER.indexOf('start'), packed.length));
    this.#socket!.write(packed, () => {
      // Nobody needs them here any more.
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

  /** Somebody else speaks through it: it is ended, and nothing more is taken. */
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

/** A process that ended without a word, or with one for people: the line of an exception, or the last one. */
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
