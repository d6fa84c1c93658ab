/** Finds out what each source needs and what is missing here, by trying wherever that changes nothing. */
import { spawnSync } from 'node:child_process';
import { closeSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces, release } from 'node:os';
import { MembenchError } from '../errors.js';
import { type Capability, setOf } from '../native/capabilities.js';
import { loadKoffi } from '../native/koffi.js';
import { findDecoder, type User } from '../native/users.js';
import type { Check } from './check.js';
import type { Libbpf } from './ebpf/libbpf.js';
import type { ProgramSettings } from './ebpf/object.js';

export interface SourceDiagnosis {
  source: 'file' | 'pcap' | 'afpacket' | 'ebpf';
  /** Whether nothing that it needs is known to be missing. */
  works: boolean;
  /** Description of the source, and what it tells about losses. */
  note: string;
  checks: Check[];
}

/** Sources in order of preference, as for a bare interface name. */
const PREFERENCE = ['ebpf', 'afpacket', 'pcap', 'file'] as const;

/** The initial user namespace, PROC_USER_INIT_INO (linux/proc_ns.h); a container may have another. */
const INITIAL_USER_NAMESPACE = 'user:[4026531837]';

/** First kernel versions with BPF rings and with TCX links. */
const BPF_RINGS = [5, 8] as const;
const TCX = [6, 6] as const;

/** No packet has port 0, so that the child captures nothing. */
const NO_PORT = [[0, 0]] as const;
const PORTS = [[11211, 11211]] as const;
/** Number of workers, enough to try several rings, and bytes of the smallest rings that membench uses. */
const WORKERS = 2;
const RING = 512 * 1024;
const PERF_RING = 128 * 1024;
/** Bytes of libpcap's buffer for the trial. */
const PCAP_BUFFER = 1024 * 1024;

const FIX_RAW = 'run as root or with CAP_NET_RAW';
const FIX_BPF = 'run it as root, or with CAP_BPF and CAP_NET_ADMIN; or use afpacket:IF';

/** Tells which sources work here, and which is best. Nothing is captured, attached or left behind. */
export async function diagnoseSources(): Promise<{
  sources: SourceDiagnosis[];
  best: SourceDiagnosis['source'];
}> {
  const rights = readRights();
  const decoder = await checkDecoder();
  const loopback = findLoopback();
  // One after the other, so that no child process inherits descriptors of another trial.
  const pcap = await checkPcap(rights, decoder, loopback);
  const afpacket = await checkAfpacket(rights, decoder, loopback);
  const ebpf = await checkEbpf(rights, decoder);
  const sources = [
    diagnosis('file', 'a capture file or a FIFO; what its kernel dropped is not known', [
      { what: 'rights', ok: true, found: 'none needed but to read the file' },
    ]),
    diagnosis('pcap', 'libpcap in a process of its own; what the kernel drops is not known', pcap),
    diagnosis('afpacket', 'packet sockets on Linux; the kernel counts what it drops', afpacket),
    diagnosis('ebpf', 'a TC program and BPF rings on Linux; losses are counted by reason', ebpf),
  ];
  const works = (name: string) => sources.some((one) => one.source === name && one.works);
  return { sources, best: PREFERENCE.find(works)! };
}

function diagnosis(source: SourceDiagnosis['source'], note: string, checks: Check[]): SourceDiagnosis {
  return { source, works: checks.every(({ ok }) => ok !== false), note, checks };
}

/** The checks of one source, in order. */
class Checks {
  readonly list: Check[] = [];

  add(what: string, ok: boolean | null, found: string, fix?: string): void {
    this.list.push({ what, ok, found, ...(ok === false && fix !== undefined && { fix }) });
  }

  /** Tries something, adds the result, and returns the value; `found` describes success. */
  async try<T>(
    what: string,
    attempt: () => Promise<T> | T,
    found: (value: T) => string,
  ): Promise<T | undefined> {
    try {
      const value = await attempt();
      this.add(what, true, found(value));
      return value;
    } catch (error) {
      this.failed(what, error as Error);
      return undefined;
    }
  }

  /** Adds a failure. Any exception counts, for example of a library that lacks a function. */
  failed(what: string, { message, hint }: Error & { hint?: string | undefined }): void {
    this.add(what, false, message.split('\n')[0]!, hint);
  }

  untried(what: string, reason: string): undefined {
    this.add(what, null, `not tried: ${reason}`);
  }

  /** Adds whether a capability is held; nothing where the system has no capabilities. */
  right(rights: Rights | null, name: Capability, fix: string): void {
    if (rights !== null) this.add(name, rights.has(name), rights.has(name) ? 'held' : 'missing', fix);
  }
}

/** Effective capabilities of this process. */
interface Rights {
  has(name: Capability): boolean;
  /** Whether they are valid in the whole system, not only within a user namespace. */
  global: boolean;
}

/** Reads the effective capabilities; null where the system has none. */
function readRights(): Rights | null {
  if (process.platform !== 'linux') return null;
  const status = readFileSync('/proc/self/status', 'latin1');
  const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)![1]}`);
  const effective = set('CapEff');
  return {
    has: (name) => (effective & setOf([name])) !== 0n,
    global: readlinkSync('/proc/self/ns/user') === INITIAL_USER_NAMESPACE,
  };
}

/** The user who decodes live packets. */
interface Decoder {
  check: Check;
  /** Null where this process is not root and keeps its user; undefined where no user was found. */
  user: User | null | undefined;
}

async function checkDecoder(): Promise<Decoder> {
  const checks = new Checks();
  const what = 'user to decode';
  if (process.getuid?.() !== 0) {
    checks.add(what, true, 'this one, without any right');
    return { check: checks.list[0]!, user: null };
  }
  const found = ({ name }: User) => `${name}, without any right`;
  const user = await checks.try(what, async () => become(await findDecoder()), found);
  return { check: checks.list[0]!, user };
}

/** Checks that a child of this process can become another user. */
function become(user: User): User {
  const { uid, gid } = user;
  const { error } = spawnSync('/bin/sh', ['-c', ':'], { uid, gid, env: {}, cwd: '/', stdio: 'ignore' });
  if (error === undefined) return user;
  throw new MembenchError(
    'ERR_MEMBENCH_PRIVILEGE',
    `root here cannot become ${user.name}: ${(error as NodeJS.ErrnoException).code}`,
    'give it CAP_SETUID and CAP_SETGID, or start as another user',
    error,
  );
}

/** Name of a loopback interface that is up. */
function findLoopback(): string | undefined {
  const all = Object.entries(networkInterfaces());
  return all.find(([, addresses]) => addresses?.some(({ internal }) => internal))?.[0];
}

async function checkPcap(
  rights: Rights | null,
  { check, user }: Decoder,
  loopback: string | undefined,
): Promise<Check[]> {
  const checks = new Checks();
  // Even on an interface that is down, the child tells whether it could load cap.
  const failure = user === undefined ? undefined : await tryPcap(loopback ?? 'lo', user);
  const absent = failure instanceof MembenchError && failure.code === 'ERR_MEMBENCH_UNSUPPORTED';
  if (absent) checks.failed('cap', failure);
  // A failure with a hint comes from libpcap, so cap was loaded.
  else if (failure === null || failure?.hint !== undefined) checks.add('cap', true, 'loads, with libpcap');
  else checks.add('cap', null, 'not known');
  checks.right(rights, 'CAP_NET_RAW', FIX_RAW);
  checks.list.push(check);
  const what = 'capture';
  if (absent) checks.untried(what, 'cap is missing');
  else if (failure === undefined) checks.untried(what, 'there is no user to decode');
  else if (failure === null) checks.add(what, true, `works on ${loopback ?? 'lo'}`);
  else if (loopback === undefined) checks.untried(what, 'no loopback interface is up');
  else checks.failed(what, failure);
  return checks.list;
}

/** Opens a capture without any packets and closes it. Returns the error, null where there was none. */
async function tryPcap(
  device: string,
  user: User | null,
): Promise<(Error & { hint?: string | undefined }) | null> {
  const { openPcap } = await import('./pcap/open.js');
  try {
    const capture = await openPcap({ interface: device, ports: NO_PORT, bufferBytes: PCAP_BUFFER, user });
    capture.stop();
    await capture.exited;
    closeSync(capture.fd);
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** Checks the needs of sources that use system calls. Returns whether they are fulfilled. */
async function checkNative(checks: Checks): Promise<boolean> {
  if (process.platform !== 'linux') {
    checks.add('Linux', false, `${process.platform}: not possible here`, 'use pcap:IF');
    return false;
  }
  checks.add('Linux', true, release());
  return (await checks.try('koffi', loadKoffi, ({ version }) => version)) !== undefined;
}

async function checkAfpacket(
  rights: Rights | null,
  { check }: Decoder,
  loopback: string | undefined,
): Promise<Check[]> {
  const checks = new Checks();
  const native = await checkNative(checks);
  if (rights === null) return checks.list;
  const { compileFilter } = await import('./afpacket/filter.js');
  const filter = native
    ? await checks.try(
        'libpcap',
        () => compileFilter(PORTS, 'ethernet'),
        () => 'compiles the filter',
      )
    : checks.untried('libpcap', 'koffi is missing');
  checks.right(rights, 'CAP_NET_RAW', FIX_RAW);
  checks.list.push(check);
  const what = 'packet sockets';
  if (filter === undefined) checks.untried(what, `${native ? 'libpcap' : 'koffi'} is missing`);
  else if (loopback === undefined) checks.untried(what, 'no loopback interface is up');
  else {
    await checks.try(
      what,
      () => openAndClose(loopback),
      () => `open on ${loopback}`,
    );
  }
  return checks.list;
}

/** Opens packet sockets and closes them; they are never started and capture nothing. */
async function openAndClose(device: string): Promise<void> {
  const { openAfpacket } = await import('./afpacket/open.js');
  const sockets = await openAfpacket({ interface: device, ports: PORTS, workers: WORKERS, bufferBytes: 0 });
  sockets.close();
}

async function checkEbpf(rights: Rights | null, { check }: Decoder): Promise<Check[]> {
  const checks = new Checks();
  const native = await checkNative(checks);
  if (rights === null) return checks.list;
  checkKernel(checks);
  const { loadLibbpf } = await import('./ebpf/libbpf.js');
  const libbpf = native
    ? await checks.try('libbpf 1.x', loadLibbpf, ({ version }) => version)
    : checks.untried('libbpf 1.x', 'koffi is missing');
  const usable = await checkObject(checks, libbpf);
  for (const name of ['CAP_BPF', 'CAP_NET_ADMIN'] as const) checkBpfRight(checks, rights, name);
  checks.list.push(check);
  const what = 'load the programs';
  if (libbpf === undefined) checks.untried(what, `${native ? 'libbpf' : 'koffi'} is missing`);
  else if (!usable) checks.untried(what, 'the BPF object cannot be used');
  else {
    await checks.try(
      what,
      () => loadAndClose(libbpf),
      (how) => how,
    );
    await checkMore(checks, libbpf);
  }
  return checks.list;
}

function checkKernel(checks: Checks): void {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const since = ([a, b]: readonly [number, number]) => major > a || (major === a && minor >= b);
  checks.add(
    `kernel >= ${BPF_RINGS.join('.')}`,
    since(BPF_RINGS),
    !since(BPF_RINGS) ? 'has no BPF rings' : since(TCX) ? 'attaches by TCX' : 'attaches by clsact filters',
    'use --ebpf-buffer perf, or afpacket:IF',
  );
}

/** Checks the BPF object. Returns whether it can be loaded. */
async function checkObject(checks: Checks, libbpf: Libbpf | undefined): Promise<boolean> {
  const object = await import('./ebpf/object.js');
  const found = libbpf ? 'built, for this layout' : 'built; whether for this layout is not known';
  const what = 'BPF object';
  return (
    (await checks.try(
      what,
      () => object.checkObject(libbpf) ?? true,
      () => found,
    )) === true
  );
}

function checkBpfRight(checks: Checks, rights: Rights, name: 'CAP_BPF' | 'CAP_NET_ADMIN'): void {
  // CAP_SYS_ADMIN includes CAP_BPF, which was split off it (capabilities(7)).
  const by = !rights.has(name) && name === 'CAP_BPF' && rights.has('CAP_SYS_ADMIN');
  if (!rights.global && (by || rights.has(name))) {
    checks.add(name, false, 'held in a user namespace only', 'run it outside of that, or of the container');
  } else if (by) checks.add(name, true, 'CAP_SYS_ADMIN stands for it');
  else checks.right(rights, name, FIX_BPF);
}

/** Checks the perf buffer and the programs for a cgroup, which the source works without. */
async function checkMore(checks: Checks, libbpf: Libbpf): Promise<void> {
  const { loadPrograms } = await import('./ebpf/object.js');
  const { loadPerfEvents } = await import('../native/perf-events.js');
  const settings = { ports: PORTS, rings: WORKERS, ringSize: RING, seed: 0n };
  const attempt = async (
    what: string,
    option: string,
    more: () => Promise<Partial<ProgramSettings>>,
    lacking = '',
  ) => {
    try {
      loadPrograms(libbpf, { ...settings, ...(await more()) }).close();
      checks.add(what, true, `works too, with ${option}${lacking}`);
    } catch (error) {
      checks.add(what, null, `not usable: ${(error as Error).message}`);
    }
  };
  await attempt('perf buffer', '--ebpf-buffer perf', async () => ({
    ringSize: PERF_RING,
    perf: await loadPerfEvents(),
  }));
  const isMounted = / cgroup2 /.test(readFileSync('/proc/self/mounts', 'latin1'));
  const lacking = isMounted ? '' : ', once cgroup2 is mounted (mount -t cgroup2 none DIR)';
  await attempt('cgroup', '--attach cgroup:PATH', async () => ({ cgroup: true, skipValues: true }), lacking);
}

/** Loads the programs into the kernel and closes them, without attaching them. Returns what they can do here. */
async function loadAndClose(libbpf: Libbpf): Promise<string> {
  const { loadPrograms } = await import('./ebpf/object.js');
  const settings = { ports: PORTS, rings: WORKERS, ringSize: RING, seed: 0n };
  const loads = (more: { skipValues?: boolean; parseKey?: Uint8Array }): boolean => {
    try {
      loadPrograms(libbpf, { ...settings, ...more }).close();
      return true;
    } catch {
      return false;
    }
  };
  loadPrograms(libbpf, settings).close();
  const values = loads({ skipValues: true }) ? 'values stay in it' : 'values are copied';
  const parse = loads({ parseKey: new Uint8Array(16) }) ? 'works' : 'does not work';
  return `the kernel takes them; ${values}; --kernel-parse ${parse}`;
}
