/**
 * A connection as the network carries it: a client with several requests under way, a server that answers them
 * in order and at its own pace, delayed acknowledgements, and a capture anywhere between the two. Its segments
 * acknowledge what their sender had received, as those of `packetsOf`, which speaks in turns, do not.
 */
import { START } from './conversation.js';
import { ACK, ipv4, link, type Packet, PSH, SYN, tcp } from './packets.js';
import { between, oneOf, seeded } from './random.js';

/** A request and its answer, which is empty where there is none. */
export interface Spoken {
  request: Uint8Array;
  answer: Uint8Array;
}

/** What a side sends, in order, and how much of it was sent and received. */
interface Stream {
  bytes: Uint8Array;
  sent: number;
  received: number;
  /** How much of it the receiver has acknowledged. */
  acked: number;
}

/** Most payload bytes of a segment. */
const MSS = 1448;
const NONE = new Uint8Array(0);

/** Ends of the parts of a stream. */
function ends(parts: readonly Uint8Array[]): number[] {
  let end = 0;
  return parts.map(({ length }) => {
    end += length;
    return end;
  });
}

const streamOf = (parts: readonly Uint8Array[]): Stream => ({
  bytes: Buffer.concat(parts),
  sent: 0,
  received: 0,
  acked: 0,
});

/**
 * The packets of one connection, in the order and with the times of a capture.
 *
 * @param exchanges in the order of their requests
 */
export function pipelinedPackets(exchanges: readonly Spoken[], seed: number, clientPort = 40000): Packet[] {
  const random = seeded(seed);
  const client = streamOf(exchanges.map(({ request }) => request));
  const server = streamOf(exchanges.map(({ answer }) => answer));
  const requestEnds = ends(exchanges.map(({ request }) => request));
  const answerEnds = ends(exchanges.map(({ answer }) => answer));
  /** Requests under way at most. */
  const depth = oneOf(random, [1, 1, 2, 4, 16]);
  /** Requests the server answers with one write at most. */
  const batch = oneOf(random, [1, 2, 20]);
  /** Microseconds from the client to the capture, from there to the server, and of a request's service. */
  const near = between(random, 0, 200);
  const far = between(random, 0, 200);
  const service = oneOf(random, [1, 10, 300]);
  const packets: Packet[] = [];
  const initial = { client: between(random, 0, 2 ** 32 - 1), server: between(random, 0, 2 ** 32 - 1) };
  const due: { at: number; order: number; run: () => void }[] = [];
  let now = 0;
  let order = 0;
  const later = (delay: number, run: () => void) => {
    due.push({ at: now + delay, order: order++, run });
  };
  /** When the last packet of each direction arrives: none overtakes another. */
  const arrival = { client: 0, server: 0 };

  const send = (from: 'client' | 'server', flags: number, payload: Uint8Array, arrived: () => void) => {
    const isClient = from === 'client';
    const own = isClient ? client : server;
    const other = isClient ? server : client;
    const seq = initial[from] + 1 + own.sent - payload.length - (flags & SYN ? 1 : 0);
    const ack = initial[isClient ? 'server' : 'client'] + 1 + other.received;
    other.acked = other.received;
    const segment = tcp({
      sourcePort: isClient ? clientPort : 11211,
      destinationPort: isClient ? 11211 : clientPort,
      seq: seq >>> 0,
      ack: flags & ACK ? ack >>> 0 : 0,
      flags,
      payload,
    });
    const ip = { source: isClient ? 2 : 1, destination: isClient ? 1 : 2 };
    const before = isClient ? near : far;
    arrival[from] = Math.max(arrival[from] + 1, now + near + far + between(random, 0, 20));
    const passed = arrival[from] - (near + far - before);
    packets.push({ time: START + BigInt(passed) * 1000n, data: link('ethernet', ipv4(ip, segment)) });
    later(arrival[from] - now, arrived);
  };

  /** Sends the stream up to `end`, cut into segments. */
  const sendUpTo = (from: 'client' | 'server', end: number, arrived: () => void) => {
    const stream = from === 'client' ? client : server;
    while (stream.sent < end) {
      const size = Math.min(end - stream.sent, random() < 0.1 ? between(random, 1, 100) : MSS);
      const payload = stream.bytes.subarray(stream.sent, stream.sent + size);
      stream.sent += size;
      const to = stream.sent;
      send(from, ACK | PSH, payload, () => {
        stream.received = to;
        arrived();
      });
    }
  };
  /** Acknowledges a little later what no segment with payload has acknowledged by then. */
  const acknowledge = (from: 'client' | 'server') => {
    const other = from === 'client' ? server : client;
    later(between(random, 1, 500), () => {
      if (other.received > other.acked) send(from, ACK, NONE, () => {});
    });
  };

  let asked = 0;
  let answered = 0;
  let busy = false;
  const serve = () => {
    if (busy || answered === exchanges.length || requestEnds[answered]! > client.received) return;
    busy = true;
    later(random() < 0.1 ? 10 * service : between(random, 1, service), () => {
      for (let i = 0; i < batch && answered < exchanges.length; i++, answered++) {
        if (requestEnds[answered]! > client.received) break;
      }
      sendUpTo('server', answerEnds[answered - 1]!, got);
      busy = false;
      serve();
    });
  };
  const ask = () => {
    let finished = 0;
    while (finished < asked && answerEnds[finished]! <= server.received) finished++;
    const from = asked;
    const burst = between(random, 1, depth);
    while (asked < exchanges.length && asked - finished < depth && asked - from < burst) asked++;
    if (asked > from) {
      sendUpTo('client', requestEnds[asked - 1]!, () => {
        acknowledge('server');
        serve();
      });
      // The rest of the window, and where nothing is answered the next request, follow without an answer.
      later(between(random, 1, 100), ask);
    }
  };
  const got = () => {
    acknowledge('client');
    later(between(random, 0, 3), ask);
  };

  send('client', SYN, NONE, () => {
    send('server', SYN | ACK, NONE, () => {
      send('client', ACK, NONE, () => {});
      ask();
    });
  });
  while (due.length > 0) {
    let first = 0;
    for (let i = 1; i < due.length; i++) {
      const { at, order } = due[i]!;
      if (at < due[first]!.at || (at === due[first]!.at && order < due[first]!.order)) first = i;
    }
    const [{ at, run }] = due.splice(first, 1) as [(typeof due)[number]];
    now = at;
    run();
  }
  return packets.sort((a, b) => Number(a.time - b.time));
}
