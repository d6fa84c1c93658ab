/** A client's RST that was captured before what the server had sent earlier. */
import test from 'ava';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { ACK, ipv4, link, type Packet, pcapFile, RST, tcp } from '../support/packets.js';

/** Each is 7 bytes. */
const ASKED = [client('get a\r\n'), client('get b\r\n')];
const ANSWERS = [server('VALUE a 0 1\r\nx\r\nEND\r\n'), server('END\r\n')];
const ASKED_BYTES = 14;

/** The RST of the client behind its requests, or another of its segments. */
function clients(time: bigint, flags = RST, ahead = ASKED_BYTES, payload = new Uint8Array(0)): Packet {
  const segment = tcp({
    sourcePort: 40000,
    destinationPort: 11211,
    seq: 1001 + ahead,
    ack: flags & ACK ? 900_001 : 0,
    flags,
    payload,
  });
  return { time, data: link('ethernet', ipv4({ source: 2, destination: 1 }, segment)) };
}

const brief = (capture: readonly Packet[]) => {
  const { events, counters, told } = recordInProcess(pcapFile(capture));
  return { said: events.map(({ op, status }) => `${op} ${status}`).join(', '), counters, told };
};

const PACKETS = packetsOf([...ASKED, ...ANSWERS], { fin: false });
/** Where the answers begin. */
const FIRST = PACKETS.length - 2;

test('what the server answered before it got the RST was answered, wherever the RST was captured', (t) => {
  for (const place of [FIRST, FIRST + 1, FIRST + 2]) {
    const { said, counters } = brief(PACKETS.toSpliced(place, 0, clients(PACKETS[FIRST]!.time)));
    t.is(said, 'get hit, get miss', `RST before packet ${place}`);
    t.is(counters.unsynced_bytes + counters.unanswered + counters.gaps, 0);
    t.is(counters.flows, 1);
  }
});

test('answers that were captured in another order behind the RST', (t) => {
  const [one, two] = PACKETS.slice(FIRST) as [Packet, Packet];
  const rst = clients(one.time);
  for (const late of [
    [rst, two, one],
    [two, rst, one],
    [rst, two, rst, one, rst],
  ]) {
    t.is(brief([...PACKETS.slice(0, FIRST), ...late]).said, 'get hit, get miss');
  }
});

test('without an answer behind it a RST leaves requests unanswered, and ends the connection', (t) => {
  const rst = clients(PACKETS[FIRST]!.time);
  t.is(brief([...PACKETS.slice(0, FIRST), rst]).said, 'get unanswered, get unanswered');
  // Long after it nothing is an answer to what came before.
  const late = PACKETS.slice(FIRST).map(({ time, data }) => ({ time: time + 1_000_000_000n, data }));
  t.is(brief([...PACKETS.slice(0, FIRST), rst, ...late]).said, 'get unanswered, get unanswered');
  // What the client says behind it is of no connection.
  const more = clients(
    rst.time,
    ACK,
    ASKED_BYTES,
    Uint8Array.from('get c\r\n', (c) => c.charCodeAt(0)),
  );
  t.is(brief([...PACKETS.slice(0, FIRST), rst, more]).said, 'get unanswered, get unanswered');
});

test('a new connection between the same ports ends the one that was reset', (t) => {
  const rst = clients(PACKETS[FIRST]!.time);
  const next = packetsOf([client('get c\r\n'), server('END\r\n')], {
    clientSeq: 5_000_000,
    serverSeq: 70_000_000,
    start: rst.time + 10_000n,
  });
  const { said, counters } = brief([...PACKETS.slice(0, FIRST), rst, ...next]);
  t.is(said, 'get unanswered, get unanswered, get miss');
  t.is(counters.flows, 2);
});

test('many resets keep no more than a few connections', (t) => {
  const packets = Array.from({ length: 1000 }, (_, i) =>
    packetsOf([client('get a\r\n')], { fin: false, clientPort: 20_000 + i }).concat({
      time: PACKETS[FIRST]!.time,
      data: link(
        'ethernet',
        ipv4(
          { source: 2, destination: 1 },
          tcp({ sourcePort: 20_000 + i, destinationPort: 11211, seq: 1008, ack: 0, flags: RST }),
        ),
      ),
    }),
  ).flat();
  const { events, counters } = recordInProcess(pcapFile(packets), { map: { state: 16 << 20 } });
  t.is(events.length, 1000);
  t.true(events.every(({ status }) => status === 'unanswered'));
  t.is(counters.bound_flows, 0);
});
