/**
 * Attaches on kernels before 6.6, by filters in a clsact qdisc. Filters outlive the process that made them.
 * So each recording has a place of its own, claimed by the name of a socket; where no process has that name,
 * filters left in its place are removed.
 */
import { createServer, type Server } from 'node:net';
import { constants } from 'node:os';
import type { Interface } from '../../native/interfaces.js';
import { type Attachment, failed } from './attachment.js';
import type { Libbpf } from './libbpf.js';

// Sizes of struct bpf_tc_hook and bpf_tc_opts, and attach points (bpf/libbpf.h).
const HOOK = 24;
const OPTIONS = 32;
const INGRESS = 1;
const EGRESS = 2;
const { EEXIST } = constants.errno;
/**
 * Priority of the filters, which no others are likely to have: tc assigns priorities from 49152 down, users
 * from 1 up.
 */
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

/** Number of places on one interface, and so of recordings that can run there at a time. */
const PLACES = 16;

/** Claims a place for the life of this process; null where another process has it. */
function claim(ifindex: number, place: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => resolve(null));
    // An abstract socket name (unix(7)) needs no file, and belongs to the network namespace, as the interface
    // does.
    server.listen(`\0membench/clsact/${ifindex}/${place}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

/**
 * Attaches filters with membench's handle and priority. Filters that an earlier process left behind are
 * removed; the qdiscs and filters of others are never touched.
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
