/** Attaches the programs to interfaces, and detaches them. */
import { closeSync } from 'node:fs';
import { MembenchError } from '../../errors.js';
import type { Interface } from '../../native/interfaces.js';
import { type AttachMethod, type Attachment, failed } from './attachment.js';
import { attachClsact } from './clsact.js';
import type { Libbpf } from './libbpf.js';

// enum bpf_attach_type (linux/bpf.h).
const TCX_INGRESS = 46;
const TCX_EGRESS = 47;
const EINVAL = 22;

/**
 * Attaches to both directions of an interface; on loopback, where every packet is seen twice, only to
 * ingress.
 *
 * @param programs descriptors of those for devices with an Ethernet header and without a link header
 * @param method the only method to try; default: TCX, then clsact
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
export async function attach(
  libbpf: Libbpf,
  programs: { l2: number; l3: number },
  device: Interface,
  method?: AttachMethod,
): Promise<Attachment> {
  if (device.link === 'other') {
    throw new MembenchError(
      'ERR_MEMBENCH_UNSUPPORTED',
      `${device.name}: its packets begin with neither Ethernet nor IP`,
    );
  }
  const program = device.link === 'ethernet' ? programs.l2 : programs.l3;
  if (method !== 'clsact') {
    const attached = attachTcx(libbpf, program, device);
    if (typeof attached !== 'number') return attached;
    // EINVAL means a kernel without TCX. With any other error clsact would fail as well.
    if (attached !== -EINVAL || method === 'tcx') throw failed(device, attached);
  }
  return attachClsact(libbpf, program, device);
}

/**
 * Attaches by TCX links, which the kernel detaches once their descriptors are closed, however this process
 * ends.
 */
function attachTcx(libbpf: Libbpf, program: number, device: Interface): Attachment | number {
  const links: number[] = [];
  const detach = () => {
    for (const fd of links.splice(0)) closeSync(fd);
  };
  for (const type of device.loopback ? [TCX_INGRESS] : [TCX_INGRESS, TCX_EGRESS]) {
    const fd = libbpf.createLink(program, device.ifindex, type);
    if (fd < 0) {
      detach();
      return fd;
    }
    links.push(fd);
  }
  return { method: 'tcx', detach };
}
