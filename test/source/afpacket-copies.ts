/** What the helper is asked for, and the packets it sends by its tun device. */
import type { AfpacketOptions } from '#src/source/afpacket/open.js';
import { ipv4, ipv6, udp } from '../support/packets.js';

export interface HelperOptions extends AfpacketOptions {
  /** Ports that answer with what they were sent. */
  echo?: readonly number[];
  /** Makes the interface, a tun device, and sends to these ports by it when told to. */
  tun?: readonly number[];
  /** Becomes this user before it opens. */
  become?: number;
}

export const COPIES_CLIENTS = 300;

const UDP = 17;

/** Datagrams of many clients, both ways, under many addresses and to each port. */
export function copies(ports: readonly number[]): Uint8Array[] {
  return Array.from({ length: COPIES_CLIENTS }, (_, i) => {
    const client = 40_000 + 2 * i;
    const both = (port: number, wrap: (back: boolean, datagram: Uint8Array) => Uint8Array) => [
      wrap(false, udp(client, port, Buffer.from('request'))),
      wrap(true, udp(port, client, Buffer.from('answer'))),
    ];
    const six = both(ports[0]!, (back, datagram) =>
      ipv6({ source: back ? 1 : 2, destination: back ? 2 : 1, protocol: UDP }, datagram),
    );
    const four = [1, 7, 9].flatMap((server) =>
      [2, 5].flatMap((address) =>
        ports.flatMap((port) =>
          both(port, (back, datagram) =>
            ipv4(
              { source: back ? server : address, destination: back ? address : server, protocol: UDP },
              datagram,
            ),
          ),
        ),
      ),
    );
    return [...four, ...six];
  }).flat();
}

/** The two directions between two of the ports. */
export function betweenServers([a, b]: readonly number[]): Uint8Array[] {
  return [
    ipv4({ source: 1, destination: 2, protocol: UDP }, udp(a!, b!, Buffer.from('request'))),
    ipv4({ source: 2, destination: 1, protocol: UDP }, udp(b!, a!, Buffer.from('answer'))),
  ];
}
