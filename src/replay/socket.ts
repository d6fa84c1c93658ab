import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** The server, as a socket is connected to it. */
export interface Address {
  host: string;
  port: number;
  /** Where TLS is wanted. */
  tls?: TlsOptions;
}

export interface TlsOptions {
  /** Name the certificate must be for, as the user gave it. */
  name: string;
  /** Certificates of authorities, PEM; the system's where there are none. */
  ca?: string;
}

/**
 * Connects a socket.
 *
 * @param buffer memory answers are read into, where that is possible: they are used up before the next are read
 * @param onBytes given what came; returns false to hear no more
 * @param onReady called when it may be written to
 */
export function openSocket(
  { host, port, tls }: Address,
  buffer: Buffer,
  onBytes: (bytes: Buffer, size: number) => boolean,
  onReady: () => void,
): Socket {
  if (tls === undefined) {
    const onread = { buffer, callback: (size: number, bytes: Uint8Array) => onBytes(bytes as Buffer, size) };
    const socket = connect({ host, port, noDelay: true, onread });
    socket.on('connect', onReady);
    return socket;
  }
  const ca = tls.ca === undefined ? {} : { ca: tls.ca };
  // Names of servers are sent, addresses are not (RFC 6066).
  const name = /^[\d.]+$|:/.test(tls.name) ? {} : { servername: tls.name };
  const socket = connectTls({ host, port, ...name, ...ca });
  socket.setNoDelay(true);
  socket.on('secureConnect', onReady);
  socket.on('data', (bytes: Buffer) => onBytes(bytes, bytes.length));
  return socket;
}
