import { MembenchError } from '../../errors.js';
import type { Interface } from '../../native/interfaces.js';
import { bpfReason } from './libbpf.js';

/** How programs are attached: by TCX links, since kernel 6.6, or as filters of a clsact qdisc. */
export type AttachMethod = 'tcx' | 'clsact';

/** The programs attached to one interface. */
export interface Attachment {
  readonly method: AttachMethod;
  detach(): void;
}

/** The error of a failed attachment. */
export function failed(device: Interface, code: number): MembenchError {
  return new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `${device.name}: the kernel will not attach the BPF program: ${bpfReason(code)}`,
    'run it as root, or with CAP_BPF and CAP_NET_ADMIN; or use afpacket:IF',
  );
}
