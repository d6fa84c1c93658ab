/**
 * A client of the helper's: `tcp HOST PORT FLOWS SIZE`, `udp HOST PORT FLOWS`, `flood HOST PORT DATAGRAMS`,
 * or `frame IF PORT TPID...`, which sends one UDP datagram behind VLAN tags. Prints its ports as JSON.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { loadInterfaces } from '#src/native/interfaces.js';
import { loadKoffi } from '#src/native/koffi.js';
import { ipv4, link, udp as udpDatagram } from '../support/packets.js';

const [kind, host, port, n, size] = [
  process.argv[2]!,
  process.argv[3]!,
  ...process.argv.slice(4).map(Number),
] as [string, string, number, number, number];

async function tcp(): Promise<number> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  const local = socket.localPort!;
  socket.write(Buffer.alloc(size, 'x'));
  for (let got = 0; got < size; ) got += ((await once(socket, 'data')) as [Buffer])[0].length;
  socket.end();
  await once(socket, 'close');
  return local;
}

async function udp(): Promise<number> {
  const socket = createSocket('udp4');
  socket.send('datagram', port, host);
  await once(socket, 'message');
  const local = socket.address().port;
  socket.close();
  return local;
}

async function flood(): Promise<number> {
  const socket = createSocket('udp4');
  socket.connect(port, host);
  await once(socket, 'connect');
  // Nobody listens there, and says so.
  socket.on('error', () => {});
  for (let i = 0; i < n; i++) {
    socket.send(Buffer.alloc(1000), () => {});
    if (i % 64 === 63) await turn();
  }
  await turn();
  socket.close();
  return n;
}

async function frame(): Promise<number> {
  const tags = process.argv.slice(5).map((tpid, i): [number, number] => [Number(tpid), 7 + i]);
  const ip = ipv4(
    { source: 1, destination: 2, protocol: 17 },
    udpDatagram(40000, port, Buffer.from('tagged')),
  );
  const bytes = link('ethernet', ip, tags);
  const lib = (await loadKoffi()).load(null);
  const fd = lib.func('int socket(int domain, int type, int protocol)')(17, 3, 0);
  // struct sockaddr_ll.
  const address = Buffer.alloc(20);
  address.writeUInt16LE(17, 0);
  address.writeUInt32LE((await loadInterfaces()).find(host)!.ifindex, 4);
  const sendto = lib.func(
    'long sendto(int fd, void *data, size_t size, int flags, void *address, uint32_t length)',
  );
  if (sendto(fd, bytes, bytes.length, 0, address, 20) !== bytes.length) throw new Error('sendto');
  return 40000;
}

const flows = kind === 'frame' || kind === 'flood' ? 1 : n;
const ports = await Promise.all(Array.from({ length: flows }, { tcp, udp, flood, frame }[kind as 'tcp']));
console.log(JSON.stringify(ports));
