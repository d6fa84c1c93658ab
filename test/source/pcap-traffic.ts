/** Exchanges on 127.0.0.1: `tcp PORT N`, `udp PORT N`, `bulk PORT BYTES`, or `flood PORT` until killed. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const [kind, port, n] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];

async function tcp(): Promise<void> {
  const server = createServer((socket) => socket.on('data', (data) => socket.write(data)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect(port, '127.0.0.1').setNoDelay();
  for (let i = 0; i < n; i++) {
    const request = `request ${i}\r\n`;
    socket.write(request);
    for (let got = 0; got < request.length; ) got += ((await once(socket, 'data')) as [Buffer])[0].length;
  }
  socket.end();
  await once(socket, 'close');
  server.close();
}

async function bulk(): Promise<void> {
  const server = createServer((socket) => socket.end(Buffer.alloc(n, 'x')));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect(port, '127.0.0.1').resume();
  await once(socket, 'close');
  server.close();
}

async function udp(): Promise<void> {
  const server = createSocket('udp4');
  const client = createSocket('udp4');
  server.on('message', (data, from) => server.send(data, from.port, from.address));
  server.bind(port, '127.0.0.1');
  await once(server, 'listening');
  for (let i = 0; i < n; i++) {
    client.send(`datagram ${i}`, port, '127.0.0.1');
    await once(client, 'message');
  }
  client.close();
  server.close();
}

function flood(): void {
  const client = createSocket('udp4');
  const data = Buffer.alloc(100);
  client.connect(port, '127.0.0.1', () => {
    // Nobody listens: every second packet is refused, which does not matter.
    client.on('error', () => {});
    const next = () => client.send(data, next);
    for (let i = 0; i < 64; i++) next();
  });
}

await { tcp, udp, bulk, flood }[kind as 'tcp']();
