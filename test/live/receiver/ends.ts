/** How connections begin and end. */
import { ACK, FIN, PSH, RST, SYN } from '../../support/packets.js';
import { type Case, get, hit, put } from './case.js';

export const ENDS: Case[] = [
  {
    name: 'a RST at the next byte ends the connection',
    served: get(1),
    ends: 'reset',
    run: async (p) => {
      p.say(get(1));
      await p.hear('END\r\n');
      p.put(8, '', { flags: RST });
    },
  },
  {
    name: 'a RST with data at the next byte ends the connection, and its data is not used',
    served: get(1),
    ends: 'reset',
    run: async (p) => {
      p.say(get(1));
      await p.hear('END\r\n');
      p.put(8, get(2), { flags: RST | ACK });
    },
  },
  {
    name: 'a RST where early data ends, of which the server has told, ends the connection',
    served: get(1),
    ends: 'reset',
    run: async (p) => {
      p.say(get(1));
      await p.hear('END\r\n');
      p.put(16, get(3));
      p.put(24, '', { flags: RST });
    },
  },
  {
    name: 'a RST where early data ends, of which the server cannot tell, ends nothing',
    connection: { sack: false },
    served: get(1, 2, 3),
    run: async (p) => {
      p.say(get(1));
      await p.hear('END\r\n');
      p.put(16, get(3));
      p.put(24, '', { flags: RST });
      p.put(8, get(2));
    },
  },
  {
    name: 'a FIN with data: the data is used',
    served: get(1),
    ends: 'finished',
    run: (p) => p.say(get(1), { flags: FIN | PSH | ACK }),
  },
  {
    name: 'a FIN with data that came early: the data is used when its turn comes',
    served: get(1, 2),
    ends: 'finished',
    run: (p) => {
      p.put(8, get(2), { flags: FIN | PSH | ACK });
      p.put(0, get(1));
    },
  },
  {
    name: 'an early FIN ends the connection when its turn comes',
    served: get(1, 2),
    ends: 'finished',
    run: (p) => {
      p.put(16, '', { flags: FIN | ACK });
      put(p, [0, get(1)], [8, get(2)]);
    },
  },
  {
    name: 'an early FIN, an early segment up to it, and what is missing',
    served: get(1, 2),
    ends: 'finished',
    run: (p) => {
      p.put(16, '', { flags: FIN | ACK });
      put(p, [8, get(2)], [0, get(1)]);
    },
  },
  {
    name: 'half a connection goes on: all that was asked before the FIN is answered behind it',
    served: get(1, 2, 3, 4, 5, 6, 7, 8, 9),
    ends: 'finished',
    run: (p) => {
      p.say(get(1, 2, 3, 4, 5, 6, 7, 8));
      p.say(get(9));
      p.put(p.next, '', { flags: FIN | ACK });
    },
  },
  {
    name: 'a FIN sent again changes nothing',
    served: get(1),
    ends: 'finished',
    run: (p) => {
      p.say(get(1));
      const fin = p.segment(8, '', { flags: FIN | ACK });
      for (let i = 0; i < 3; i++) p.send(fin);
    },
  },
  {
    name: 'a FIN with data sent again is used once',
    served: get(1),
    ends: 'finished',
    run: (p) => {
      const again = p.segment(0, get(2), { flags: FIN | ACK });
      p.say(get(1), { flags: FIN | ACK });
      p.send(again);
    },
  },
  {
    name: 'data right behind a FIN is not used',
    served: get(1),
    ends: 'finished',
    run: (p) => {
      const behind = p.segment(9, get(2));
      p.say(get(1), { flags: FIN | ACK });
      p.send(behind);
    },
  },
  {
    name: 'early data behind a FIN is not used',
    served: get(1, 2),
    ends: 'finished',
    run: (p) => {
      p.put(17, get(3));
      p.put(8, get(2), { flags: FIN | ACK });
      p.put(0, get(1));
    },
  },
  {
    name: 'one byte where an early FIN stands is not used',
    served: get(1),
    ends: 'finished',
    run: (p) => {
      p.put(8, '', { flags: FIN | ACK });
      p.put(8, 'g');
      p.put(0, get(1));
    },
  },
  {
    name: 'data behind a FIN the server has answered is not used',
    served: get(1),
    ends: 'finished',
    run: async (p) => {
      p.acknowledges = false;
      p.say(get(1), { flags: FIN | ACK });
      await p.until(() => p.finished, 'its FIN');
      p.put(9, get(2));
    },
  },
  {
    name: 'both sides say at the same time that they say no more',
    served: `${get(1)}quit\r\n`,
    ends: 'finished',
    run: async (p) => {
      p.acknowledges = false;
      p.say(`${get(1)}quit\r\n`);
      await p.until(() => p.finished, 'its FIN');
      // As if it had not been heard yet.
      p.put(p.next, '', { flags: FIN | ACK, ack: -1 });
      p.put(p.next + 1, '', { flags: ACK });
    },
  },
  {
    name: 'a server that closes with bytes unread resets the connection',
    served: `${get(1)}quit\r\n`,
    ends: 'reset',
    run: async (p) => {
      p.say(`${get(1)}quit\r\n${get(2)}`);
      await p.until(() => p.reset || p.finished, 'its end');
      if (!p.reset) p.put(p.next, get(3));
      await p.until(() => p.reset, 'its RST');
    },
  },
  {
    name: 'data on a SYN that is not acknowledged comes again, and is used once',
    served: get(1, 2),
    opens: true,
    run: async (p) => {
      p.syn(p.initial, get(1));
      await p.until(() => p.connected, 'a SYN-ACK');
      p.put(0, '', { flags: ACK });
      put(p, [0, get(1)], [8, get(2)]);
    },
  },
  {
    name: 'other data on a SYN than what comes later is not used',
    served: get(1, 2),
    opens: true,
    run: async (p) => {
      p.syn(p.initial, get(9));
      await p.until(() => p.connected, 'a SYN-ACK');
      put(p, [0, get(1)], [8, get(2)]);
    },
  },
  {
    name: 'a SYN sent again before it is answered opens one connection',
    served: get(1),
    opens: true,
    run: async (p) => {
      p.syn();
      p.syn();
      await p.until(() => p.connected, 'a SYN-ACK');
      p.syn();
      p.put(0, '', { flags: ACK });
      p.put(0, get(1));
    },
  },
  {
    name: 'a SYN of another number, far off, does not change which connection is opened',
    served: get(1, 2),
    opens: true,
    run: async (p) => {
      p.syn();
      await p.until(() => p.connected, 'a SYN-ACK');
      p.syn((p.initial + 0x50000000) >>> 0);
      p.put(0, '', { flags: ACK });
      put(p, [0, get(1)], [8, get(2)]);
    },
  },
  {
    name: 'a SYN of another number after the first was reset opens the connection',
    served: get(1, 2),
    opens: true,
    run: async (p) => {
      p.syn();
      await p.until(() => p.connected, 'a SYN-ACK');
      p.put(0, '', { flags: RST });
      p.connected = false;
      p.initial += 77_777;
      await p.connect();
      put(p, [0, get(1)], [8, get(2)]);
    },
  },
  {
    name: 'the first request comes with the handshake, the bare acknowledgement behind it',
    served: get(1, 2),
    opens: true,
    run: async (p) => {
      p.syn();
      await p.until(() => p.connected, 'a SYN-ACK');
      p.say(get(1));
      p.put(0, '', { flags: ACK });
      p.say(get(2));
    },
  },
  {
    name: 'the second request comes before the handshake is over',
    served: get(1, 2),
    opens: true,
    run: async (p) => {
      p.syn();
      await p.until(() => p.connected, 'a SYN-ACK');
      put(p, [8, get(2)], [0, get(1)]);
    },
  },
  {
    name: 'the same ports once more, when the first connection was closed by the server',
    served: get(3),
    recorded: (packets) => packets.slice(0),
    run: async (p) => {
      p.say('quit\r\n');
      await p.hearEnd();
      await p.again();
      p.say(get(3));
    },
    before: 'quit\r\n',
  },
  {
    name: 'the same ports once more, when the client ended the first connection',
    served: get(3),
    run: async (p) => {
      p.say(get(1));
      await p.hear(hit(1));
      p.put(p.next, '', { flags: FIN | ACK });
      await p.until(() => p.finished, 'its FIN');
      p.put(p.next + 1, '', { flags: ACK });
      await p.again();
      p.say(get(3));
    },
    before: get(1),
  },
  {
    name: 'the same ports once more, when a RST ended the first connection',
    served: get(3),
    run: async (p) => {
      p.say(get(1));
      await p.hear(hit(1));
      p.put(p.next, '', { flags: RST });
      await p.again();
      p.say(get(3));
    },
    before: get(1),
  },
  {
    name: 'the same ports once more, before the first connection is over: its SYN is refused, its RST obeyed',
    served: get(3),
    run: async (p) => {
      p.say(get(1));
      await p.hear(hit(1));
      const next = p.next;
      p.syn((p.initial + 500_000_000) >>> 0);
      await p.until(() => p.acknowledged === next, 'what it thinks of that');
      p.put(next, '', { flags: RST });
      await p.again();
      p.say(get(3));
    },
    before: get(1),
  },
  {
    name: 'a SYN with a lower number on ports the server remembers opens nothing',
    served: get(3),
    run: async (p) => {
      p.say('quit\r\n');
      await p.hearEnd();
      p.packet(p.initial - 100_000, 0, SYN, '');
      await p.again();
      p.say(get(3));
    },
    before: 'quit\r\n',
  },
];
