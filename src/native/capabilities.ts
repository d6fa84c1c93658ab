/** Capabilities of the calling thread (capabilities(7), linux/capability.h): Linux only. */
import { loadKoffi } from './koffi.js';
import { reasonOf } from './libc.js';

/** Bit numbers of the capabilities in a set. */
export const CAPABILITIES = {
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_ADMIN: 21,
  CAP_BPF: 39,
} as const;
export type Capability = keyof typeof CAPABILITIES;

export interface CapabilitySets {
  effective: bigint;
  permitted: bigint;
  inheritable: bigint;
}

export interface Capabilities {
  get(): CapabilitySets;
  /** @throws Error */
  set(sets: CapabilitySets): void;
  /** Empties the bounding set, where permitted. Returns whether it is empty now. */
  emptyBounding(): boolean;
}

// _LINUX_CAPABILITY_VERSION_3 has each set in two halves of 32 bits (linux/capability.h).
const VERSION = 0x20080522;
const HALVES = 2;
// linux/prctl.h.
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;

/** The set of these capabilities. */
export function setOf(names: readonly Capability[]): bigint {
  return names.reduce((set, name) => set | (1n << BigInt(CAPABILITIES[name])), 0n);
}

/** @throws ERR_MEMBENCH_UNSUPPORTED where koffi is missing */
export async function loadCapabilities(): Promise<Capabilities> {
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const capget = lib.func('int capget(void *header, void *data)');
  const capset = lib.func('int capset(void *header, void *data)');
  const prctl = lib.func(
    'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
  );
  // struct __user_cap_header_struct: version, and 0 for the calling thread. The kernel may write to it.
  const header = () => new Uint32Array([VERSION, 0]);
  return {
    get() {
      // struct __user_cap_data_struct for each half: effective, permitted, inheritable.
      const data = new Uint32Array(3 * HALVES);
      if (capget(header(), data) !== 0) throw new Error(`capget: ${reasonOf(koffi.errno())}`);
      const set = (at: number) => BigInt(data[at]!) | (BigInt(data[3 + at]!) << 32n);
      return { effective: set(0), permitted: set(1), inheritable: set(2) };
    },
    set({ effective, permitted, inheritable }) {
      const sets = [effective, permitted, inheritable];
      const data = new Uint32Array([
        ...sets.map((set) => Number(set & 0xffffffffn)),
        ...sets.map((set) => Number(set >> 32n)),
      ]);
      if (capset(header(), data) !== 0) throw new Error(`capset: ${reasonOf(koffi.errno())}`);
    },
    emptyBounding() {
      // PR_CAPBSET_DROP fails for the first number that the kernel does not know.
      for (let one = 0; ; one++) {
        const held = Number(prctl(PR_CAPBSET_READ, one, 0, 0, 0));
        if (held < 0) return true;
        if (held === 1 && prctl(PR_CAPBSET_DROP, one, 0, 0, 0) !== 0) return false;
      }
    },
  };
}
