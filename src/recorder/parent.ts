/** Whoever started this recorder, as the recorder sees it. */
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

/** The socket to the half that has the rights. */
export class Parent {
  readonly #socket: Socket;
  #rebuilt = 0;

  /**
   * @param onMessage called with each message
   * @param onGone called when nobody is there any more
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
      // Writing to nobody is an error, reading from nobody is not.
      .on('error', onGone)
      .on('close', onGone)
      .resume();
  }

  /** Bytes that wait to be taken. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  /**
   * Says something. What waits for a parent that takes nothing is bounded: workers wait once too many blocks
   * are on their way (RingReader), progress is told only where nothing else waits, and replacements of
   * workers only so often.
   */
  say(message: FromRecorder): void {
    if (message.kind === 'progress' && this.waiting > 0) return;
    if (message.kind === 'rebuilt' && ++this.#rebuilt > REBUILT_MAX) return;
    this.#socket.cork();
    for (const piece of encodeReport(message)) this.#socket.write(piece);
    this.#socket.uncork();
  }
}
