/** The system calls of packet sockets, packet(7), as koffi declares them. */
import { SOCK_FILTER } from '../../native/classic-bpf.js';
import { loadKoffi } from '../../native/koffi.js';

/** The members of struct sockaddr_ll that bind(2) uses (linux/if_packet.h). */
export interface SockaddrLl {
  sll_family: number;
  /** EtherType, in host byte order; the structure has it in network byte order. */
  sll_protocol: number;
  sll_ifindex: number;
}

/** struct tpacket_req3 (linux/if_packet.h). Sizes are bytes, the time-out is milliseconds. */
export interface TpacketReq3 {
  tp_block_size: number;
  tp_block_nr: number;
  tp_frame_size: number;
  tp_frame_nr: number;
  tp_retire_blk_tov: number;
  tp_sizeof_priv: number;
  tp_feature_req_word: number;
}

/** struct tpacket_stats_v3 (linux/if_packet.h). */
export interface TpacketStatsV3 {
  tp_packets: number;
  tp_drops: number;
  tp_freeze_q_cnt: number;
}

/** The system calls. A call that fails returns -1, or undefined, and sets `errno`. */
export interface SocketCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: SockaddrLl): number;
  setInt(fd: number, level: number, option: number, value: number): number;
  setRing(fd: number, level: number, option: number, ring: TpacketReq3): number;
  /** @param program array of struct sock_filter (linux/filter.h) */
  setFilter(fd: number, level: number, option: number, program: Uint8Array): number;
  getInt(fd: number, level: number, option: number): number | undefined;
  getStatistics(fd: number, level: number, option: number): TpacketStatsV3 | undefined;
  /** errno of the last call. */
  errno(): number;
}

type Type = ReturnType<Awaited<ReturnType<typeof loadKoffi>>['type']>;

let calls: Promise<SocketCalls> | undefined;

/** @throws ERR_MEMBENCH_UNSUPPORTED where koffi is missing */
export function loadSocketCalls(): Promise<SocketCalls> {
  calls ??= declare();
  return calls;
}

async function declare(): Promise<SocketCalls> {
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const sockaddr = koffi.struct({
    sll_family: 'uint16_t',
    sll_protocol: 'uint16_be_t',
    sll_ifindex: 'int32_t',
    sll_hatype: 'uint16_t',
    sll_pkttype: 'uint8_t',
    sll_halen: 'uint8_t',
    sll_addr: koffi.array('uint8_t', 8),
  });
  const req3 = koffi.struct({
    tp_block_size: 'uint32_t',
    tp_block_nr: 'uint32_t',
    tp_frame_size: 'uint32_t',
    tp_frame_nr: 'uint32_t',
    tp_retire_blk_tov: 'uint32_t',
    tp_sizeof_priv: 'uint32_t',
    tp_feature_req_word: 'uint32_t',
  });
  const stats = koffi.struct({ tp_packets: 'uint32_t', tp_drops: 'uint32_t', tp_freeze_q_cnt: 'uint32_t' });
  // struct sock_fprog (linux/filter.h).
  const program = koffi.struct({ len: 'uint16_t', filter: 'void *' });

  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const bind = lib.func('bind', 'int', ['int', koffi.pointer(sockaddr), 'uint32_t']);
  const set = (type: Type) =>
    lib.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(type), 'uint32_t']);
  const size = koffi.inout(koffi.pointer('uint32_t'));
  const get = (type: Type) =>
    lib.func('getsockopt', 'int', ['int', 'int', 'int', koffi.out(koffi.pointer(type)), size]);
  const int = koffi.type('int');
  const [setInt, setRing, setFilter] = [set(int), set(req3), set(program)];
  const [getInt, getStats] = [get(int), get(stats)];
  const padding = { sll_hatype: 0, sll_pkttype: 0, sll_halen: 0, sll_addr: new Uint8Array(8) };

  return {
    socket,
    bind: (fd, address) => bind(fd, { ...address, ...padding }, sockaddr.size),
    setInt: (fd, level, option, value) => setInt(fd, level, option, [value], 4),
    setRing: (fd, level, option, ring) => setRing(fd, level, option, ring, req3.size),
    setFilter: (fd, level, option, bytes) =>
      setFilter(fd, level, option, { len: bytes.length / SOCK_FILTER, filter: bytes }, program.size),
    getInt(fd, level, option) {
      const value = [0];
      return getInt(fd, level, option, value, [4]) < 0 ? undefined : value[0];
    },
    getStatistics(fd, level, option) {
      const value = {};
      return getStats(fd, level, option, value, [stats.size]) < 0 ? undefined : (value as TpacketStatsV3);
    },
    errno: () => koffi.errno(),
  };
}
