/** Talks to a server, one request after the other. */
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Sends bytes and returns what comes, up to an end. @param isEnd told all that came so far */
export async function exchange(
  socket: Socket,
  bytes: Uint8Array,
  isEnd: (came: Buffer) => boolean,
): Promise<Buffer> {
  socket.write(bytes);
  let came = Buffer.alloc(0);
  while (!isEnd(came)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    came = Buffer.concat([came, chunk]);
  }
  return came;
}
