/** The functions of the system's libbpf that are used (bpf/libbpf.h, bpf/bpf.h of libbpf 1.x). */
import { MembenchError } from '../../errors.js';
import { loadKoffi } from '../../native/koffi.js';
import { type Libc, loadLibc, reasonOf } from '../../native/libc.js';
import { filterLister } from './filters.js';

/** Address of an object of libbpf. */
export type Handle = unknown;

export interface Libbpf {
  /** Opens an ELF object, or returns null. */
  open(bytes: Uint8Array): Handle | null;
  /** Loads its maps and programs into the kernel. Returns 0 or a negative errno. */
  load(object: Handle): number;
  close(object: Handle): void;
  findMap(object: Handle, name: string): Handle | null;
  findProgram(object: Handle, name: string): Handle | null;
  mapFd(map: Handle): number;
  programFd(program: Handle): number;
  setMaxEntries(map: Handle, entries: number): number;
  /** Whether `load` loads a program, too. Returns 0 or a negative errno. */
  setAutoload(program: Handle, load: boolean): number;
  /** Address and size of a read-only data section before it is loaded. */
  initialValue(map: Handle): { at: Handle; size: number } | null;
  read(at: Handle, size: number): Uint8Array;
  write(at: Handle, bytes: Uint8Array): void;
  /**
   * Replaces a read-only data section by zeros in this process, once the kernel has it. libbpf keeps a copy, and from
   * 1.6 on maps the kernel's own instead, which is not writable; so other memory is mapped over it.
   *
   * @throws Error
   */
  forget(map: Handle): void;
  /**
   * Makes a BPF ring buffer; its bytes are a power of two and whole pages. Returns a descriptor or a negative
   * errno.
   */
  createRing(bytes: number): number;
  updateMap(map: number, key: number, value: number): number;
  /** Attaches a program to an interface by a TCX link. Returns a descriptor or a negative errno. */
  createLink(program: number, ifindex: number, attachType: number): number;
  cpus(): number;
  tcHookCreate(hook: Uint8Array): number;
  tcHookDestroy(hook: Uint8Array): number;
  tcAttach(hook: Uint8Array, options: Uint8Array): number;
  tcDetach(hook: Uint8Array, options: Uint8Array): number;
  /** Whether the clsact qdisc of an interface has any filter. */
  hasFilters(ifindex: number): boolean;
  version: string;
}

/** BPF_MAP_TYPE_RINGBUF (linux/bpf.h). */
const MAP_TYPE_RINGBUF = 27;

let libbpf: Promise<Libbpf> | undefined;

/**
 * Binds libbpf.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where koffi or libbpf 1.x is missing
 */
export function loadLibbpf(): Promise<Libbpf> {
  libbpf ??= bind();
  return libbpf;
}

/** Description of a negative errno. */
export function bpfReason(code: number): string {
  return reasonOf(-code);
}

/** Bytes of the pages that have so many bytes. */
function pagesOf({ pageSize }: Libc, size: number): number {
  return Math.ceil(size / pageSize) * pageSize;
}

async function bind(): Promise<Libbpf> {
  const koffi = await loadKoffi();
  let lib: ReturnType<typeof koffi.load>;
  try {
    lib = koffi.load('libbpf.so.1');
  } catch (error) {
    throw new MembenchError(
      'ERR_MEMBENCH_UNSUPPORTED',
      'libbpf 1.x is not on this system (libbpf.so.1)',
      'install it (Debian: apt install libbpf1), or use afpacket:IF',
      error,
    );
  }
  const libc = await loadLibc();
  const c = koffi.load(null);
  const f = (declaration: string) => lib.func(declaration);
  const memcpyIn = c.func('memcpy', 'void *', ['void *', 'void *', 'size_t']);
  const setPrint = f('void *libbpf_set_print(void *fn)');
  // libbpf must not write to stderr; its error codes suffice.
  setPrint(null);
  const open = f('void *bpf_object__open_mem(void *bytes, size_t size, void *options)');
  const load = f('int bpf_object__load(void *object)');
  const close = f('void bpf_object__close(void *object)');
  const findMap = f('void *bpf_object__find_map_by_name(void *object, const char *name)');
  const findProgram = f('void *bpf_object__find_program_by_name(void *object, const char *name)');
  const mapFd = f('int bpf_map__fd(void *map)');
  const programFd = f('int bpf_program__fd(void *program)');
  const setMaxEntries = f('int bpf_map__set_max_entries(void *map, uint32_t entries)');
  const setAutoload = f('int bpf_program__set_autoload(void *program, bool autoload)');
  const initialValue = f('void *bpf_map__initial_value(void *map, void *size)');
  const mapCreate = f(
    'int bpf_map_create(int type, const char *name, uint32_t key, uint32_t value, uint32_t entries, void *options)',
  );
  const mapUpdate = f('int bpf_map_update_elem(int map, void *key, void *value, uint64_t flags)');
  const linkCreate = f('int bpf_link_create(int program, int target, int type, void *options)');
  const cpus = f('int libbpf_num_possible_cpus()');
  const hookCreate = f('int bpf_tc_hook_create(void *hook)');
  const hookDestroy = f('int bpf_tc_hook_destroy(void *hook)');
  const tcAttach = f('int bpf_tc_attach(void *hook, void *options)');
  const tcDetach = f('int bpf_tc_detach(void *hook, void *options)');
  const version = f('const char *libbpf_version_string()');
  const initial = (map: Handle) => {
    const size = new BigUint64Array(1);
    const at = initialValue(map, size);
    return at === null ? null : { at, size: Number(size[0]) };
  };
  return {
    open: (bytes) => open(bytes, bytes.length, null),
    load: (object) => load(object),
    close: (object) => close(object),
    findMap: (object, name) => findMap(object, name),
    findProgram: (object, name) => findProgram(object, name),
    mapFd: (map) => mapFd(map),
    programFd: (program) => programFd(program),
    setMaxEntries: (map, entries) => setMaxEntries(map, entries),
    setAutoload: (program, load) => setAutoload(program, load),
    initialValue: initial,
    forget(map) {
      const value = initial(map);
      if (value === null) return;
      libc.unmapOver(koffi.address(value.at as never), pagesOf(libc, value.size));
    },
    read(at, size) {
      const bytes = new Uint8Array(size);
      memcpyIn(bytes, at, size);
      return bytes;
    },
    write: (at, bytes) => memcpyIn(at, bytes, bytes.length),
    createRing: (bytes) => mapCreate(MAP_TYPE_RINGBUF, 'membench_ring', 0, 0, bytes, null),
    updateMap: (map, key, value) => mapUpdate(map, new Uint32Array([key]), new Uint32Array([value]), 0),
    createLink: (program, ifindex, type) => linkCreate(program, ifindex, type, null),
    cpus: () => cpus(),
    tcHookCreate: (hook) => hookCreate(hook),
    tcHookDestroy: (hook) => hookDestroy(hook),
    tcAttach: (hook, options) => tcAttach(hook, options),
    tcDetach: (hook, options) => tcDetach(hook, options),
    hasFilters: filterLister(koffi),
    version: version().replace(/^v/, ''),
  };
}
