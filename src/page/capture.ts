import type { MembenchError } from '../errors.js';
import { joined } from '../profile/bytes.js';
import { blockPrefix, encode, encodeFrame } from '../profile/envelope.js';
import { headerBody } from '../profile/header.js';
import { sealedMeta, sealedPayload } from '../profile/sealed.js';
import { loadModule, Standalone } from '../standalone.js';
import { PartBytes } from './blob-bytes.js';

/** Most events of a block: enough for its dictionary of keys to pay. */
const BLOCK_EVENTS = 49_152;

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

/**
 * A capture becomes a profile in the memory of the page, so that all that reads profiles reads it too. Keys are hashed
 * with a secret that is forgotten with it.
 */
export class CaptureProfile {
  readonly #parser: Standalone;
  readonly #run = random(16);
  readonly #keyId = random(8);
  readonly #ports: [number, number][];
  readonly #blocks: Uint8Array[] = [];
  #failure: MembenchError | undefined;
  #first = 0n;
  #last = 0n;

  private constructor(module: WebAssembly.Module, ports: [number, number][]) {
    const key = random(16);
    const output = { blockEvents: BLOCK_EVENTS };
    this.#ports = ports;
    this.#parser = new Standalone(
      { module, ports, key, memory: undefined, output },
      { onBlock: () => this.#takeBlock() },
    );
  }

  static async create(ports: [number, number][]): Promise<CaptureProfile> {
    return new CaptureProfile(await loadModule(), ports);
  }

  /** Whether it is known to be a capture. */
  get isOpen(): boolean {
    return this.#parser.unit !== undefined;
  }

  /**
   * Takes the next bytes of the capture. Nothing behind a broken record can be decoded.
   *
   * @throws ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
   */
  add(chunk: Uint8Array): void {
    for (const bytes of this.#parser.behindHead(chunk)) {
      for (let at = 0; at < bytes.length && this.#failure === undefined; at += this.#parser.slotSize) {
        this.#failure = this.#parser.walk(bytes.subarray(at, at + this.#parser.slotSize));
      }
    }
  }

  /**
   * Ends the capture. Returns what is wrong with it, null where nothing is.
   *
   * @throws ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
   */
  end(): string | null {
    this.#parser.checkHead();
    const failure = this.#parser.finish();
    return (this.#failure ?? failure)?.message ?? null;
  }

  #takeBlock(): void {
    const { view, blockInfo, unit } = this.#parser;
    const by = { run: this.#run, worker: 0, seq: this.#blocks.length, unit: unit!, counts: {}, clock: 0n };
    const meta = sealedMeta(view, blockInfo, by);
    const { at, size } = sealedPayload(view, blockInfo);
    const body = joined(blockPrefix(meta, size), new Uint8Array(view.buffer, at, size));
    this.#blocks.push(encodeFrame('MBBK', body));
    if (meta.events === 0) return;
    if (this.#first === 0n || meta.min_ns < this.#first) this.#first = meta.min_ns;
    if (meta.max_ns > this.#last) this.#last = meta.max_ns;
  }

  /** All so far as a complete profile; `done`: the capture was ended. */
  profile(name: string, done: boolean): PartBytes {
    if (!done) this.#parser.seal();
    const { counters, unit } = this.#parser;
    const header = headerBody({
      run: this.#run,
      created_ns: 0n,
      tool: 'membench page',
      source: 'file',
      unit: unit ?? 1,
      workers: 1,
      ports: this.#ports,
      key_id: this.#keyId,
    });
    const footer = {
      header,
      ended: 'end of source',
      elapsed_ns: 0n,
      counts: Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0)),
      first_ns: this.#first,
      last_ns: this.#last,
    };
    const head = encodeFrame('MBHD', encode(header));
    return new PartBytes(name, [head, ...this.#blocks, encodeFrame('MBFT', encode(footer))]);
  }
}
