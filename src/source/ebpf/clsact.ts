/**
 * Attaching on kernels before 6.6: a filter in a clsact qdisc. Filters outlive the process that made them,
 * so each has a place of its own that is claimed by a socket name, and a name nobody holds any more marks
 * a place whose leftovers may be removed.
 */
import { createServer, type Server } from 'node:net';
import { constants } from 'node:os';
import type { Interface } from '../../native/interfaces.js';
import { type Attachment, failed } from './attachment.js';
import type { Libbpf } from './libbpf.js';

// struct bpf_tc_hook and bpf_tc_opts (bpf/libbpf.h), their sizes first.
const HOOK = 24;
const OPTIONS = 32;
const INGRESS = 1;
const EGRESS = 2;
const { EEXIST } = constants.errno;
/** Late among the priorities, and ours: filters of others usually count from 1 or from 49152 down. */
const PRIORITY = 0x6d62;
const HANDLE = 0x6d620001;

function hook(ifindex: number, point: number): Uint8Array {
  const bytes = new Uint8Array(HOOK);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(HOOK), true);
  view.setInt32(8, ifindex, true);
  view.setInt32(12, point, true);
  return bytes;
}

function options(place: number, program: number): Uint8Array {
  const bytes = new Uint8Array(OPTIONS);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(OPTIONS), true);
  view.setInt32(8, program, true);
  view.setUint32(20, HANDLE + place, true);
  view.setUint32(24, PRIORITY, true);
  return bytes;
}

/** Places on one interface: as many recordings may run there at once. */
const PLACES = 16;

/** Claims a place for as long as this process lives; null where another process has it. */
function claim(ifindex: number, place: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => resolve(null));
    // An abstract name (unix(7)) belongs to the network namespace, as the interface does, and needs no file.
    server.listen(`\0membench/clsact/${ifindex}/${place}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

/**
 * Attaches filters of our own handle and priority. What an earlier process left behind is removed; a
 * qdisc or filter that is not ours is never touched.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
export async function attachClsact(libbpf: Libbpf, program: number, device: Interface): Promise<Attachment> {
  let mine: { place: number; server: Server } | undefined;
  for (let place = 0; place < PLACES; place++) {
    const server = await claim(device.ifindex, place);
    if (server === null) continue;
    for (const point of [INGRESS, EGRESS]) libbpf.tcDetach(hook(device.ifindex, point), options(place, 0));
    if (mine === undefined) mine = { place, server };
    else server.close();
  }
  if (mine === undefined) throw failed(device, -EEXIST);
  const { place, server } = mine;
  const created = libbpf.tcHookCreate(hook(device.ifindex, INGRESS | EGRESS));
  const detach = () => {
    for (const point of [INGRESS, EGRESS]) libbpf.tcDetach(hook(device.ifindex, point), options(place, 0));
    if (created === 0 && !libbpf.hasFilters(device.ifindex)) {
      libbpf.tcHookDestroy(hook(device.ifindex, INGRESS | EGRESS));
    }
    server.close();
  };
  for (const point of device.loopback ? [INGRESS] : [INGRESS, EGRESS]) {
    const code =
      created < 0 && created !== -EEXIST
        ? created
        : libbpf.tcAttach(hook(device.ifindex, point), options(place, program));
    if (code < 0) {
      detach();
      throw failed(device, code);
    }
  }
  return { method: 'clsact', detach };
}
