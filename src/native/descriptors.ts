import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** FD_CLOEXEC as /proc/PID/fdinfo shows it (proc_pid_fdinfo(5)): O_CLOEXEC of asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000;

/**
 * Closes every descriptor from `first` on that this process was started with: whatever its parent was given
 * by somebody else and did not mark. Those Node has opened for itself are marked (FD_CLOEXEC), and none that
 * came through execve(2) can be. To be called before anything else is opened without the mark.
 *
 * Linux only; Node on macOS hands on only what it is told to (POSIX_SPAWN_CLOEXEC_DEFAULT).
 */
export function closeInherited(first: number): void {
  if (process.platform !== 'linux') return;
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd >= first && isInherited(fd)) closeSync(fd);
  }
}

function isInherited(fd: number): boolean {
  let info: string;
  try {
    info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  } catch {
    // The one the list was read by.
    return false;
  }
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
}
