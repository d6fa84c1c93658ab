import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** FD_CLOEXEC as /proc/PID/fdinfo shows it (proc_pid_fdinfo(5)): O_CLOEXEC of asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000;

/**
 * Closes every descriptor from `first` on that this process inherited: its parent may have inherited it
 * without FD_CLOEXEC. Descriptors that Node has opened have FD_CLOEXEC, and inherited ones never do. Call it
 * before anything is opened without FD_CLOEXEC.
 *
 * Linux only; on macOS Node passes on only the descriptors it is told to (POSIX_SPAWN_CLOEXEC_DEFAULT).
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
    // The descriptor by which the list was read is closed.
    return false;
  }
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
}
