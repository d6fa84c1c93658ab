/** What signals do to a recording. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Exit code of a second stop signal: 128 + the number of SIGINT, as shells count. */
const EXIT_INTERRUPTED = 130;
/**
 * Stop signals that come within this of the first are the same one, ms: timeout(1) signals its child and then
 * the group its child is in, a terminal and a supervisor may both tell.
 */
const SAME_STOP = 100;

/** Node would open its debugger, to every process of this user, in one that has rights and the secret. */
const DEBUGGER = 'SIGUSR1';

/** What tests put in the place of the process. */
export interface SignalHost {
  /** Milliseconds that never go back. */
  now(): number;
  exit(code: number): void;
}

const HOST: SignalHost = { now: () => performance.now(), exit: (code) => process.exit(code) };

/**
 * What every stop signal calls: the first stops, drains and seals; one that comes 100 ms later or more is
 * impatience and ends the process at once.
 */
export function stopper(stop: () => void, host: SignalHost = HOST): () => void {
  let first: number | undefined;
  return () => {
    const now = host.now();
    if (first === undefined) {
      first = now;
      stop();
    } else if (now - first >= SAME_STOP) {
      host.exit(EXIT_INTERRUPTED);
    }
  };
}

/**
 * Takes the signals of a recording: SIGINT, SIGTERM and, where it is not ignored, SIGHUP stop it, SIGUSR2
 * flushes it, and SIGUSR1 does nothing. Returns what gives them back.
 */
export function onSignals(stop: () => void, flush: () => void): () => void {
  const onStop = stopper(stop);
  const onHangup = ignoresHangup() ? () => {} : onStop;
  process.on('SIGINT', onStop).on('SIGTERM', onStop).on('SIGHUP', onHangup).on('SIGUSR2', flush);
  // Not given back: without a listener it would end the process.
  process.on(DEBUGGER, () => {});
  return () => {
    process.off('SIGINT', onStop).off('SIGTERM', onStop).off('SIGUSR2', flush);
    // One that was to be ignored stays so to the end.
    if (onHangup === onStop) process.off('SIGHUP', onStop);
  };
}

/** SIGHUP in the masks of /proc/PID/status: signal 1 is bit 0 (proc(5)). */
const HANGUP = 1n;

/**
 * Whether this process was started with SIGHUP ignored, as nohup(1) does. Node resets what it inherits to the
 * default (PlatformInit in src/node.cc) unless it is built as a shared library, so the process itself does
 * not always know. What else tells: the shell that started nohup puts its path into `_`; nohup leaves a
 * terminal's place on standard input to a /dev/null that cannot be read; and a script that was started so
 * ignores the signal itself.
 */
function ignoresHangup(): boolean {
  return (
    isIgnoredBy('self') ||
    isIgnoredBy(String(process.ppid)) ||
    basename(process.env._ ?? '') === 'nohup' ||
    isStdinUnreadable()
  );
}

function isIgnoredBy(process: string): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readProc(`/proc/${process}/status`))?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & HANGUP) !== 0n;
}

function isStdinUnreadable(): boolean {
  // O_WRONLY is 1 among the access modes, which are 3 (fcntl.h).
  const flags = /^flags:\s*([0-7]+)$/m.exec(readProc('/proc/self/fdinfo/0'))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) === 1;
}

/** Empty where it cannot be read: on another system, or of a process that is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
