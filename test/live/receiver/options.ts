/** Options of TCP: time stamps above all; the urgent byte; windows that are closed. */
import { ACK } from '../../support/packets.js';
import { type Case, get, pieces, put, set } from './case.js';

const NOP = 1;
const END = 0;
const timestamps = { timestamps: true };

export const OPTIONS: Case[] = [
  {
    name: 'segments with time stamps are used',
    connection: timestamps,
    served: get(1, 2, 3),
    run: (p) => put(p, [0, get(1)], [16, get(3)], [8, get(2)]),
  },
  {
    name: 'a segment at the next byte whose time stamp is old is dropped',
    connection: timestamps,
    served: get(1, 3),
    run: (p) => {
      p.say(get(1));
      p.put(8, get(2), { stamp: -100_000 });
      p.say(get(3));
    },
  },
  {
    name: 'an early segment whose time stamp is old is dropped',
    connection: timestamps,
    served: get(1, 2, 3),
    run: (p) => {
      p.say(get(1));
      p.put(16, get(9), { stamp: -100_000 });
      put(p, [16, get(3)], [8, get(2)]);
    },
  },
  {
    name: 'a segment with an old time stamp, and the same bytes again, is used once',
    connection: timestamps,
    served: get(1, 2, 3),
    run: (p) => {
      p.say(get(1));
      p.put(8, get(2), { stamp: -100_000 });
      p.say(get(2));
      p.say(get(3));
    },
  },
  {
    name: 'a FIN whose time stamp is old ends nothing',
    connection: timestamps,
    served: get(1, 2),
    run: (p) => {
      p.say(get(1));
      p.put(8, '', { flags: 17, stamp: -100_000 });
      p.say(get(2));
    },
  },
  {
    name: 'a hole is filled by a segment stamped before those behind it',
    connection: timestamps,
    served: get(1, 2, 3),
    run: (p) => {
      const late = p.segment(0, get(1));
      put(p, [8, get(2)], [16, get(3)]);
      p.send(late);
    },
  },
  {
    name: 'time stamps that wrap are not old',
    connection: { timestamps: true, clock: 0xffffffff - 4 },
    served: get(1, 2, 3, 4, 5, 6),
    run: (p) => put(p, ...pieces(get(1, 2, 3, 4, 5, 6), 8)),
  },
  {
    name: 'an old time stamp means nothing where no time stamps were agreed on',
    served: get(1, 2),
    run: (p) => {
      p.say(get(1), { options: [NOP, NOP, 8, 10, 0, 0, 99, 0, 0, 0, 0, 0] });
      p.say(get(2), { options: [NOP, NOP, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0] });
    },
  },
  {
    name: 'a segment without the time stamp that was agreed on is used',
    connection: timestamps,
    served: get(1, 2),
    run: (p) => {
      p.say(get(1));
      p.say(get(2), { options: [] });
    },
  },
  {
    name: 'time stamps stand anywhere among the options',
    connection: timestamps,
    served: get(1, 3, 4),
    run: (p) => {
      p.say(get(1));
      p.put(8, get(2), { stamp: -100_000, stampFirst: true });
      p.say(get(3), { stampFirst: true });
      p.put(16, get(2), { stamp: -10 });
      p.say(get(4));
    },
  },
  {
    name: 'options that are padded, unknown, or of no length do not change the data',
    served: get(1, 2, 3, 4),
    run: (p) => {
      p.say(get(1), { options: [NOP, NOP, NOP, END] });
      p.say(get(2), { options: [253, 6, 1, 2, 3, 4, END, 99] });
      p.say(get(3), { options: [8, 0, 0, 0] });
      p.say(get(4), { options: Array.from({ length: 40 }, () => NOP) });
    },
  },
  {
    name: 'blocks of bytes received out of order, true or not, do not change the data',
    served: get(1, 2),
    run: async (p) => {
      p.say(get(1), { options: [NOP, NOP, 5, 10, 0, 0, 0, 0, 0, 0, 1, 0] });
      await p.hear('END\r\n');
      p.put(8, '', { flags: ACK, options: [NOP, NOP, 5, 18, ...Array.from({ length: 16 }, (_, i) => i)] });
      p.say(get(2));
    },
  },
  {
    name: 'an urgent byte is taken out of the stream',
    served: `${get(1)}get k2\r\n`,
    run: (p) => p.say(`${get(1)}get k!2\r\n`, { urgent: 14 }),
    length: 17,
  },
  {
    name: 'an urgent pointer of 0 takes the first byte, as one of 1 does',
    served: get(1, 2),
    run: (p) => {
      p.say(`!${get(1)}`, { urgent: 0 });
      p.say(`!${get(2)}`, { urgent: 1 });
    },
    length: 18,
  },
  {
    name: 'an urgent pointer behind the segment takes the byte there, which another brings',
    served: `${get(1)}get k3\r\n`,
    run: (p) => {
      p.say(get(1), { urgent: 14 });
      p.say('get k!3\r\n');
    },
    length: 17,
  },
  {
    name: 'an urgent byte inside a value is no part of it',
    served: set('urgent', 'abcd') + get(1),
    run: (p) => {
      p.say('set urgent 0 0 4\r\nab!cd\r\n', { urgent: 21 });
      p.say(get(1));
    },
    length: 33,
  },
  {
    name: 'a segment of nothing but an urgent byte',
    served: get(1, 2),
    run: (p) => {
      p.say(get(1));
      p.say('!', { urgent: 1 });
      p.say(get(2));
    },
    length: 17,
  },
  {
    name: 'an urgent byte that came early is taken out when its turn comes',
    served: get(1, 2),
    run: (p) => {
      p.put(8, 'get!k2\r\n'.replace('!', '! '), { urgent: 4 });
      p.put(0, get(1));
    },
    length: 17,
  },
  {
    name: 'while the client has no room the server probes, and goes on when there is some',
    served: get(9, 9),
    run: async (p) => {
      p.window = 0;
      p.say(get(9));
      const heard = p.heard;
      await p.until(() => p.heard > heard + 1, 'a probe');
      p.window = 65535;
      p.put(p.next, '', { flags: ACK });
      await p.hear('END\r\n');
      p.say(get(9));
    },
  },
];
