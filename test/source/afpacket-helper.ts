/**
 * Opens packet sockets in a network namespace of a test's own, answers what is sent to some ports there,
 * and does what its stdin says: start, read, inherit, statistics, tun, copies, servers. Each answer is a JSON line.
 *
 * Argument: JSON. As a process that inherited the sockets: `read` and JSON.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MembenchError } from '#src/errors.js';
import { loadKoffi } from '#src/native/koffi.js';
import { loadLibc, PROT_READ, PROT_WRITE } from '#src/native/libc.js';
import { type AfpacketSockets, openAfpacket } from '#src/source/afpacket/open.js';
import { ipv4, ipv6, udp } from '../support/packets.js';
import { betweenServers, copies, type HelperOptions } from './afpacket-copies.js';
import { Ring, type Seen } from './afpacket-ring.js';

type Rings = Pick<AfpacketSockets, 'fds' | 'blockSize' | 'blockCount' | 'linktype'>;

function say(what: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(what)}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

async function map({ fds, blockSize, blockCount, linktype }: Rings): Promise<Ring[]> {
  const libc = await loadLibc();
  return fds.map((fd, i) => {
    const bytes = libc.map(blockSize * blockCount, PROT_READ | PROT_WRITE, fd, 0);
    return new Ring(i, bytes, blockSize, blockCount, linktype);
  });
}

/** All packets there are, once the last of them are old enough to be given away. */
async function read(rings: readonly Ring[]): Promise<Seen[]> {
  await sleep(60);
  return rings.flatMap((ring) => ring.read());
}

async function echo(port: number): Promise<void> {
  const server = createServer((socket) => socket.on('data', (data) => socket.write(data)));
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  const datagrams = createSocket('udp4');
  datagrams.on('message', (data, from) => datagrams.send(data, from.port, from.address));
  datagrams.bind(port);
  await once(datagrams, 'listening');
}

/** Makes a tun device that lives as long as this process (linux/if_tun.h). */
async function makeTun(name: string): Promise<number> {
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(40);
  request.write(name);
  request.writeUInt16LE(0x1001 /* IFF_TUN | IFF_NO_PI */, 16);
  const ioctl = (await loadKoffi()).load(null).func('int ioctl(int fd, unsigned long request, void *data)');
  if (ioctl(fd, 0x400454ca /* TUNSETIFF */, request) < 0) throw new Error('TUNSETIFF');
  execFileSync('ip', ['link', 'set', name, 'up']);
  return fd;
}

function inherit({ fds, ...rings }: Rings): Promise<unknown> {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(import.meta.url),
      'read',
      JSON.stringify({ fds: fds.map((_, i) => 3 + i), ...rings } satisfies Rings),
    ],
    { stdio: ['ignore', 'inherit', 'inherit', ...fds], uid: 65534, gid: 65534 },
  );
  return once(child, 'exit');
}

async function main(options: HelperOptions): Promise<void> {
  const tun = options.tun && (await makeTun(options.interface));
  await Promise.all((options.echo ?? []).map(echo));
  if (options.become !== undefined) process.setuid!(options.become);
  let sockets: AfpacketSockets;
  try {
    sockets = await openAfpacket(options);
  } catch (error) {
    const { name, code, message, hint } = error as MembenchError;
    say({ name, code, message, hint });
    process.exit(0);
  }
  const { fds, blockSize, blockCount, ifindex, linktype } = sockets;
  const rings = await map(sockets);
  say({ fds, blockSize, blockCount, ifindex, linktype });
  for await (const line of createInterface({ input: process.stdin })) {
    switch (line) {
      case 'start':
        sockets.start();
        say({});
        break;
      case 'read':
        say(await read(rings));
        break;
      case 'inherit':
        await inherit({ fds, blockSize, blockCount, linktype });
        break;
      case 'statistics':
        say(sockets.statistics());
        break;
      case 'copies':
      case 'servers':
        for (const packet of line === 'copies' ? copies(options.tun!) : betweenServers(options.tun!))
          writeSync(tun!, packet);
        say({});
        break;
      case 'tun':
        for (const port of options.tun!) {
          const datagram = udp(40000, port, Buffer.from(`to ${port}`));
          const addresses = { source: 1, destination: 2, protocol: 17 };
          writeSync(tun!, ipv4(addresses, datagram));
          writeSync(tun!, ipv6(addresses, datagram));
        }
        say({});
        break;
    }
  }
  sockets.close();
  process.exit(0);
}

if (process.argv[2] === 'read') say(await read(await map(JSON.parse(process.argv[3]!))));
else await main(JSON.parse(process.argv[2]!));
