/** Attaches the programs to a cgroup, so that they see what its sockets receive and send, on any interface. */
import { closeSync, openSync, statfsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { MembenchError } from '../../errors.js';
import type { SourceChange } from '../source.js';
import { bpfReason, type Libbpf } from './libbpf.js';

// enum bpf_attach_type (linux/bpf.h).
const CGROUP_INET_INGRESS = 0;
const CGROUP_INET_EGRESS = 1;
/** CGROUP2_SUPER_MAGIC (linux/magic.h). */
const CGROUP2 = 0x63677270;
const { EINVAL, EPERM } = constants.errno;

/** The programs attached to one cgroup; the kernel detaches them once this process ends, however it does. */
export class AttachedCgroup {
  readonly methods = ['cgroup'];
  readonly #libbpf: Libbpf;
  readonly #programs: readonly [receives: number, sends: number];
  readonly #path: string;
  readonly #onChange: (change: SourceChange) => void;
  readonly #links: number[] = [];
  #inode = 0;

  constructor(
    libbpf: Libbpf,
    programs: readonly [receives: number, sends: number],
    path: string,
    onChange: (change: SourceChange) => void,
  ) {
    this.#libbpf = libbpf;
    this.#programs = programs;
    this.#path = path;
    this.#onChange = onChange;
  }

  get names(): string[] {
    return [this.#path];
  }

  /** @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_UNSUPPORTED */
  async start(): Promise<void> {
    const [receives, sends] = this.#programs;
    const fd = openCgroup(this.#path);
    try {
      this.#inode = statSync(this.#path).ino;
      for (const [program, type] of [
        [receives, CGROUP_INET_INGRESS],
        [sends, CGROUP_INET_EGRESS],
      ] as const) {
        const link = this.#libbpf.createLink(program, fd, type);
        if (link < 0) throw failed(this.#path, link);
        this.#links.push(link);
      }
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** Checks that the cgroup is still there: removing it detaches the programs. Returns false once it is not. */
  async look(): Promise<boolean> {
    if (this.#links.length === 0) return false;
    if (statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) return true;
    this.stop();
    this.#onChange({ what: 'interface gone', message: `${this.#path}: the cgroup is gone`, over: true });
    return false;
  }

  stop(): void {
    for (const fd of this.#links.splice(0)) closeSync(fd);
  }
}

/**
 * Opens the folder of a cgroup.
 *
 * @throws ERR_MEMBENCH_SOURCE where there is none
 */
export function openCgroup(path: string): number {
  const refuse = (why: string, cause?: unknown) =>
    new MembenchError(
      'ERR_MEMBENCH_SOURCE',
      `${path}: ${why}`,
      'give the folder of a cgroup: /sys/fs/cgroup/system.slice/memcached.service',
      cause,
    );
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw refuse('the cgroup cannot be opened', error);
  }
  if (statfsSync(path).type === CGROUP2) return fd;
  closeSync(fd);
  throw refuse('not a folder of cgroup v2');
}

function failed(path: string, code: number): MembenchError {
  const hint =
    code === -EPERM
      ? 'run it as root, or with CAP_BPF and CAP_NET_ADMIN; a program attached to a parent may forbid others'
      : code === -EINVAL
        ? 'the kernel may be older than 5.7; attach to an interface'
        : 'attach to an interface';
  return new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `${path}: the kernel will not attach the BPF program: ${bpfReason(code)}`,
    hint,
  );
}
