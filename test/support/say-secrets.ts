/** Sets and gets every secret of a list, as key and as value, in the text and the meta protocol. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { PORT, SERVER } from './network.js';

const secrets: string[] = JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
const socket = connect(PORT, SERVER);
let said = '';
let heard = () => {};
socket.on('data', (data) => {
  said += data.toString('latin1');
  heard();
});
/** Sends some requests, and waits until the server has answered the last. */
async function ask(text: string): Promise<void> {
  said = '';
  socket.write(`${text}mn\r\n`);
  await new Promise<void>((resolve) => {
    heard = () => {
      if (said.endsWith('MN\r\n')) resolve();
    };
    heard();
  });
}
for (let i = 0; i < secrets.length; i += 20) {
  let text = '';
  for (let k = i; k < Math.min(i + 20, secrets.length); k++) {
    const key = secrets[k]!;
    const value = secrets[(k + 1) % secrets.length]!;
    const base64 = Buffer.from(key).toString('base64');
    text +=
      k % 2 === 0
        ? `set ${key} 0 0 ${value.length}\r\n${value}\r\nget ${key}\r\nget ${key} ${value}\r\n`
        : `ms ${base64} ${value.length} b O${key.slice(0, 8)} k\r\n${value}\r\nmg ${key} v k\r\nmg ${base64} b k v\r\n`;
  }
  await ask(text);
}
socket.end('quit\r\n');
await new Promise((resolve) => socket.on('close', resolve));
