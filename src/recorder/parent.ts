/** The privileged parent, as its recorder uses it. */
import type { Socket } from 'node:net';
import { FrameReader } from './frames.js';
import {
  type FromRecorder,
  REBUILT_MAX,
  TO_RECORDER,
  TO_RECORDER_LIMITS,
  type ToRecorder,
  unpackStart,
} from './messages.js';
import { encodeReport } from './report.js';

/** The socket to the privileged process. */
export class Parent {
  readonly #socket: Socket;
  #rebuilt = 0;

  /**
   * @param onMessage called with each message
   * @param onGone called when the parent has closed the socket or died
   */
  constructor(socket: Socket, onMessage: (message: ToRecorder) => void, onGone: () => void) {
    const frames = new FrameReader(TO_RECORDER_LIMITS);
    this.#socket = socket;
    socket
      .on('data', (chunk) => {
        for (const { type, payload } of frames.push(chunk)) {
          const kind = TO_RECORDER[type]!;
          onMessage(kind === 'start' ? { kind, ...unpackStart(payload) } : { kind });
        }
      })
      // Without a peer, writing fails with an error, and reading ends with `close`.
      .on('error', onGone)
      .on('close', onGone)
      .resume();
  }

  /** Bytes that the parent has not read yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  /**
   * Sends a message. What waits for a parent that does not read is bounded: workers wait while too many
   * blocks are on their way (RingReader), progress is sent only where nothing else waits, and replacements of
   * workers at most REBUILT_MAX times.
   */
  say(message: FromRecorder): void {
    if (message.kind === 'progress' && this.waiting > 0) return;
    if (message.kind === 'rebuilt' && ++this.#rebuilt > REBUILT_MAX) return;
    this.#socket.cork();
    for (const piece of encodeReport(message)) this.#socket.write(piece);
    this.#socket.uncork();
  }
}
