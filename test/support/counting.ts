/** Runs the counting program on packets made by hand (BPF_PROG_TEST_RUN), and reads what it counted. */
import { Counters } from '#src/count/counters.js';
import { KeyRing } from '#src/count/key-ring.js';
import { type Counted, countedIn } from '#src/count/report.js';
import { COUNT_COUNTERS, KEY_RECORD } from '#src/layout/generated.js';
import { loadLibc, PROT_READ, PROT_WRITE } from '#src/native/libc.js';
import { type CountingPrograms, loadCounting } from '#src/source/ebpf/counting.js';
import { loadLibbpf } from '#src/source/ebpf/libbpf.js';
import { ACK, FIN, type Ip, ipv4, ipv6, link, PSH, SYN, tcp } from './packets.js';
import { loadTestRun, type TestRun } from './test-run.js';

const SERVER_PORT = 11211;
const CLIENT: Ip = { source: 1, destination: 2 };
const SERVER: Ip = { source: 2, destination: 1 };
const EMPTY = new Counters();

const RING_SIZE = 1 << 20;

/** A struct key_record. */
export interface KeyRecord {
  hash: bigint;
  flow: number;
  number: number;
  valueSize: number;
  ttl: number;
  what: number;
  bits: number;
  keySize: number;
  mode: string;
}

/** The ring of sampled keys, read as kernel/bpf/ringbuf.c writes it. */
async function openRing({ ring }: CountingPrograms) {
  const libc = await loadLibc();
  const consumer = new BigUint64Array(libc.map(libc.pageSize, PROT_READ | PROT_WRITE, ring, 0), 0, 1);
  const rest = libc.map(libc.pageSize + 2 * RING_SIZE, PROT_READ, ring, libc.pageSize);
  const producer = new BigUint64Array(rest, 0, 1);
  const data = new DataView(rest, libc.pageSize, 2 * RING_SIZE);
  const shipped = new KeyRing(libc, ring, RING_SIZE);
  return {
    /** Takes all records by the code that ships. */
    drain: (take: (words: Uint32Array, at: number) => void) => shipped.drain(take),
    memory: new Uint8Array(rest, libc.pageSize, RING_SIZE),
    take(): KeyRecord[] {
      const taken: KeyRecord[] = [];
      for (let at = consumer[0]!; at < producer[0]!; at += BigInt(8 + KEY_RECORD.SIZE)) {
        const from = Number(at % BigInt(RING_SIZE)) + 8;
        const u32 = (field: number) => data.getUint32(from + field, true);
        const u8 = (field: number) => data.getUint8(from + field);
        taken.push({
          hash: data.getBigUint64(from + KEY_RECORD.hash, true),
          flow: u32(KEY_RECORD.flow),
          number: u32(KEY_RECORD.number),
          valueSize: u32(KEY_RECORD.value_size),
          ttl: data.getInt32(from + KEY_RECORD.ttl, true),
          what: u8(KEY_RECORD.what),
          bits: u8(KEY_RECORD.bits),
          keySize: u8(KEY_RECORD.key_size),
          mode: String.fromCharCode(u8(KEY_RECORD.mode)),
        });
      }
      Atomics.store(consumer, 0, Atomics.load(producer, 0));
      return taken;
    },
  };
}

/** The program, with counters of its own. */
export class CountingProgram {
  readonly descriptor: number;
  readonly #run: TestRun;
  readonly #read: () => Counters;
  readonly ring: Awaited<ReturnType<typeof openRing>>;
  readonly close: () => void;

  private constructor(
    descriptor: number,
    run: TestRun,
    read: () => Counters,
    ring: Awaited<ReturnType<typeof openRing>>,
    close: () => void,
  ) {
    this.descriptor = descriptor;
    this.#run = run;
    this.#read = read;
    this.ring = ring;
    this.close = close;
  }

  /** @param keys which keys leave the kernel as hashes; default: none */
  static async load(
    latencySample = 1,
    keys?: { limit: number; secret: Uint8Array },
  ): Promise<CountingProgram> {
    const libc = await loadLibc();
    const ports = [[SERVER_PORT, SERVER_PORT]] as const;
    const programs = loadCounting(await loadLibbpf(), {
      ...{ ports, seed: 77n, latencySample },
      keys: { limit: 0, secret: new Uint8Array(16), ...keys, ringSize: RING_SIZE },
    });
    programs.begin();
    const words = programs.cpus * COUNT_COUNTERS;
    const size = Math.ceil((words * 8) / libc.pageSize) * libc.pageSize;
    const counters = new BigUint64Array(libc.map(size, PROT_READ, programs.counters, 0), 0, words);
    return new CountingProgram(
      programs.l2,
      loadTestRun(),
      () => Counters.sum(counters),
      await openRing(programs),
      () => programs.close(),
    );
  }

  /** Passes a frame through the program. */
  pass(frame: Uint8Array): void {
    const code = this.#run(this.descriptor, frame);
    if (code !== 0) throw new Error(`bpf_prog_test_run_opts: ${code}`);
  }

  get counters(): Counters {
    return this.#read();
  }

  /** What was counted since an earlier moment. */
  since(before: Counters = EMPTY): Counted {
    const now = this.#read().since(before);
    return countedIn(now, now);
  }
}

const bytesOf = (text: string | Uint8Array) =>
  typeof text === 'string' ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;

let ports = 20_000;

/** Headers behind which the program must find the same. */
export const WRAPPINGS: Record<string, (ip: Ip, segment: Uint8Array) => Uint8Array> = {
  'IPv4 with options': (ip, segment) =>
    link('ethernet', ipv4({ ...ip, options: new Uint8Array(8).fill(1) }, segment)),
  IPv6: (ip, segment) => link('ethernet', ipv6(ip, segment)),
  'IPv6 with an extension header': (ip, segment) =>
    link('ethernet', ipv6(ip, segment, [[0, new Uint8Array(7)]])),
  'a VLAN tag': (ip, segment) => link('ethernet', ipv4(ip, segment), [[0x8100, 5]]),
  'padding behind the packet': (ip, segment) =>
    Buffer.concat([link('ethernet', ipv4(ip, segment)), new Uint8Array(9)]),
};

/** A connection whose segments go through the program. */
export class Conversation {
  readonly #program: CountingProgram;
  readonly #port = ports++;
  /** Next sequence number of each side. */
  client: number;
  server: number;
  /** Turns a TCP segment into a frame. */
  wrap = (ip: Ip, segment: Uint8Array): Uint8Array => link('ethernet', ipv4(ip, segment));

  constructor(program: CountingProgram, client = 1000, server = 5000) {
    this.#program = program;
    this.client = client;
    this.server = server;
  }

  /** The handshake. */
  open(): this {
    this.segment('client', this.client, '', SYN, 0);
    this.segment('server', this.server, '', SYN | ACK, this.client + 1);
    this.client = (this.client + 1) >>> 0;
    this.server = (this.server + 1) >>> 0;
    return this;
  }

  /** A segment anywhere in the stream, which does not move on. */
  segment(
    from: 'client' | 'server',
    seq: number,
    payload: string | Uint8Array,
    flags = PSH | ACK,
    ack?: number,
  ): void {
    const isClient = from === 'client';
    const bytes = tcp({
      sourcePort: isClient ? this.#port : SERVER_PORT,
      destinationPort: isClient ? SERVER_PORT : this.#port,
      seq: seq >>> 0,
      ack: (ack ?? (isClient ? this.server : this.client)) >>> 0,
      flags,
      payload: bytesOf(payload),
    });
    this.#program.pass(this.wrap(isClient ? CLIENT : SERVER, bytes));
  }

  /** The next segment of the client. */
  ask(payload: string | Uint8Array): this {
    this.segment('client', this.client, payload);
    this.client = (this.client + payload.length) >>> 0;
    return this;
  }

  /** The next segment of the server. */
  answer(payload: string | Uint8Array): this {
    this.segment('server', this.server, payload);
    this.server = (this.server + payload.length) >>> 0;
    return this;
  }

  /** Both sides end, which frees the entry of the connection in the program's table. */
  close(): void {
    this.segment('client', this.client, '', FIN | ACK);
    this.segment('server', this.server, '', FIN | ACK);
  }

  /** A request and its answer. */
  exchange(request: string | Uint8Array, answer: string | Uint8Array): this {
    return this.ask(request).answer(answer);
  }
}
