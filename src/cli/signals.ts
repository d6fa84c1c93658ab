/** Handles signals during a recording. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Exit code of a second stop signal: 128 + the number of SIGINT, as shells count. */
const EXIT_INTERRUPTED = 130;
/**
 * Stop signals within this time after the first count as the same one, ms: timeout(1) signals its child and
 * then its process group, and a terminal and a supervisor may both send one.
 */
const SAME_STOP = 100;

/**
 * On SIGUSR1 Node would open its debugger to every process of this user, in a process with rights and the
 * secret.
 */
const DEBUGGER = 'SIGUSR1';

/** The process, which tests replace. */
export interface SignalHost {
  /** Monotonic time, ms. */
  now(): number;
  exit(code: number): void;
}

const HOST: SignalHost = { now: () => performance.now(), exit: (code) => process.exit(code) };

/**
 * The handler of all stop signals: the first stops, drains and seals; one that follows 100 ms later or more
 * ends the process at once.
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
 * Installs the handlers of a recording: SIGINT, SIGTERM and, where it is not ignored, SIGHUP stop it, SIGUSR2
 * flushes it, and SIGUSR1 does nothing. Returns a function that removes them.
 */
export function onSignals(stop: () => void, flush: () => void): () => void {
  const onStop = stopper(stop);
  const onHangup = ignoresHangup() ? () => {} : onStop;
  process.on('SIGINT', onStop).on('SIGTERM', onStop).on('SIGHUP', onHangup).on('SIGUSR2', flush);
  // Not removed, because without a listener each would end the process, even where the recording is over.
  process.on(DEBUGGER, () => {}).on('SIGUSR2', () => {});
  return () => {
    process.off('SIGINT', onStop).off('SIGTERM', onStop).off('SIGUSR2', flush);
    // An ignored SIGHUP remains ignored to the end.
    if (onHangup === onStop) process.off('SIGHUP', onStop);
  };
}

/** SIGHUP in the masks of /proc/PID/status: signal 1 is bit 0 (proc(5)). */
const HANGUP = 1n;

/**
 * Whether this process was started with SIGHUP ignored, as by nohup(1). Node resets inherited dispositions
 * (PlatformInit in src/node.cc) unless it is built as a shared library, so the process itself may not show
 * it. Other signs: the shell that started nohup sets `_` to its path; nohup replaces a terminal on standard
 * input by a /dev/null that cannot be read; a script started by nohup ignores the signal itself.
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

/**
 * Content of a file of /proc; empty where it cannot be read: on another system, or of a process that has
 * ended.
 */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
