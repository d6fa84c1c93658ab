/** The network interfaces of this network namespace: Linux only. */
import { loadKoffi } from './koffi.js';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM } from './sockets.js';

// ioctl numbers of linux/sockios.h, flags of linux/if.h, device types of linux/if_arp.h.
const SIOCGIFFLAGS = 0x8913;
const SIOCGIFHWADDR = 0x8927;
const IFF_UP = 0x1;
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
/** Devices whose packets begin with the IP header: ppp, raw IP, tunnels, tun and wireguard. */
const LAYER_3 = new Set([512, 519, 768, 769, 776, 778, 823, 65534]);
/** struct ifreq: a name of 16 bytes, then a union of 24. */
const IFREQ = 40;
const IFNAMSIZ = 16;

export interface Interface {
  name: string;
  ifindex: number;
  up: boolean;
  loopback: boolean;
  /** First header of its packets: Ethernet, IP, or one that membench does not read. */
  link: 'ethernet' | 'ip' | 'other';
}

export interface Interfaces {
  /** An interface by name, undefined where there is none. */
  find(name: string): Interface | undefined;
  all(): Interface[];
}

let interfaces: Promise<Interfaces> | undefined;

/** @throws ERR_MEMBENCH_UNSUPPORTED where koffi is missing */
export function loadInterfaces(): Promise<Interfaces> {
  interfaces ??= bind();
  return interfaces;
}

async function bind(): Promise<Interfaces> {
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const ioctl = lib.func('int ioctl(int fd, unsigned long request, void *data)');
  const nametoindex = lib.func('unsigned int if_nametoindex(const char *name)');
  const nameindex = lib.func('void *if_nameindex()');
  const freeNameindex = lib.func('void if_freenameindex(void *list)');
  const entry = koffi.struct({ index: 'unsigned int', name: 'const char *' });
  const fd: number = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const request = new Uint8Array(IFREQ);
  const ask = (name: string, what: number): number | undefined => {
    request.fill(0);
    Buffer.from(request.buffer).write(name, 0, IFNAMSIZ - 1, 'latin1');
    if (ioctl(fd, what, request) < 0) return undefined;
    // The flags, and the device type in sa_family, are at the start of the union.
    return new DataView(request.buffer).getUint16(IFNAMSIZ, true);
  };
  const find = (name: string): Interface | undefined => {
    if (name.length >= IFNAMSIZ) return undefined;
    const ifindex: number = nametoindex(name);
    const type = ask(name, SIOCGIFHWADDR);
    const flags = ask(name, SIOCGIFFLAGS);
    // The interface may disappear between two calls.
    if (ifindex === 0 || type === undefined || flags === undefined) return undefined;
    const loopback = type === ARPHRD_LOOPBACK;
    const link = type === ARPHRD_ETHER || loopback ? 'ethernet' : LAYER_3.has(type) ? 'ip' : 'other';
    return { name, ifindex, up: (flags & IFF_UP) !== 0, loopback, link };
  };
  return {
    find,
    all() {
      const list = nameindex();
      if (list === null) return [];
      const found: Interface[] = [];
      for (let i = 0; ; i++) {
        const { index, name } = koffi.decode(list, i * entry.size, entry) as { index: number; name: string };
        if (index === 0) break;
        const one = find(name);
        if (one !== undefined) found.push(one);
      }
      freeNameindex(list);
      return found;
    },
  };
}
