/** Finds out by rtnetlink(7) whether the clsact qdisc of an interface has any filter. */
import type { loadKoffi } from '../../native/koffi.js';
import { AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW } from '../../native/sockets.js';

// linux/netlink.h, linux/rtnetlink.h, linux/pkt_sched.h.
const NETLINK_ROUTE = 0;
const RTM_GETTFILTER = 46;
const NLM_F_REQUEST_DUMP = 0x301;
const NLMSG_DONE = 3;
const NLMSG_ERROR = 2;
const CLSACT_INGRESS = 0xfffffff2;
const CLSACT_EGRESS = 0xfffffff3;
/** struct nlmsghdr, then struct tcmsg. */
const HEADER = 16;
const TCMSG = 20;

/** @returns a function that returns true where there is a filter, or where that is unknown */
export function filterLister(koffi: Awaited<ReturnType<typeof loadKoffi>>): (ifindex: number) => boolean {
  const lib = koffi.load(null);
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const send = lib.func('long send(int fd, void *bytes, size_t size, int flags)');
  const recv = lib.func('long recv(int fd, void *bytes, size_t size, int flags)');
  const close = lib.func('int close(int fd)');
  const has = (fd: number, ifindex: number, parent: number): boolean => {
    const request = new DataView(new ArrayBuffer(HEADER + TCMSG));
    request.setUint32(0, HEADER + TCMSG, true);
    request.setUint16(4, RTM_GETTFILTER, true);
    request.setUint16(6, NLM_F_REQUEST_DUMP, true);
    request.setInt32(HEADER + 4, ifindex, true);
    request.setUint32(HEADER + 12, parent, true);
    const answer = new Uint8Array(32768);
    if (send(fd, new Uint8Array(request.buffer), HEADER + TCMSG, 0) < 0) return true;
    const size = Number(recv(fd, answer, answer.length, 0));
    if (size < HEADER) return true;
    const type = new DataView(answer.buffer).getUint16(4, true);
    if (type === NLMSG_DONE || type === NLMSG_ERROR) return type === NLMSG_ERROR;
    return true;
  };
  // A socket for each request: closing it discards the rest of the answer.
  const ask = (ifindex: number, parent: number): boolean => {
    const fd: number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return true;
    try {
      return has(fd, ifindex, parent);
    } finally {
      close(fd);
    }
  };
  return (ifindex) => ask(ifindex, CLSACT_INGRESS) || ask(ifindex, CLSACT_EGRESS);
}
