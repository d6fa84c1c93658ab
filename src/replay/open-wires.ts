import { isIP } from 'node:net';
import { loadStreams } from '../native/streams.js';
import { NativeWires } from './native-wires.js';
import { NetWires } from './net-wires.js';
import type { Address } from './socket.js';
import type { Wires } from './wire.js';

/** Bytes of answers that are read at a time. */
const READ_BYTES = 1 << 16;

/** The fastest wires there are here: sockets of the system, or those of Node. */
export async function openWires({ host, tls }: Address): Promise<Wires> {
  const answers = Buffer.allocUnsafeSlow(READ_BYTES);
  if (tls !== undefined || isIP(host) === 0 || host.includes('%')) return new NetWires(answers);
  try {
    return new NativeWires(await loadStreams(), answers);
  } catch {
    return new NetWires(answers);
  }
}
