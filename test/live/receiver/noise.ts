/** Segments a receiver ignores. */
import { ACK, FIN, PSH, RST, SYN } from '../../support/packets.js';
import { type Case, get, put } from './case.js';

/** One odd thing between two requests, whose sequence number is right after the first. */
const between = (name: string, odd: Case['run'], more: Partial<Case> = {}): Case => ({
  name,
  served: get(1, 2),
  run: async (p) => {
    p.say(get(1));
    await p.hear('END\r\n');
    await odd(p);
    p.say(get(2));
  },
  ...more,
});

export const NOISE: Case[] = [
  between('a RST inside the window, but not at its start, ends nothing', (p) =>
    p.put(20, '', { flags: RST }),
  ),
  between('a RST beyond the window ends nothing', (p) => p.put(50_000_000, '', { flags: RST })),
  between('a RST one byte behind ends nothing', (p) => p.put(7, '', { flags: RST | ACK })),
  {
    name: 'a RST where the stream stood before its last segment ends nothing',
    served: get(1, 2),
    run: (p) => {
      p.say(get(1));
      p.put(0, '', { flags: RST });
      p.say(get(2));
    },
  },
  {
    name: 'a RST at the last acknowledgement, which another segment has passed, ends nothing',
    served: get(1, 2, 3),
    run: async (p) => {
      p.say(get(1));
      await p.hear('END\r\n');
      p.acknowledges = false;
      p.say(get(2));
      p.put(8, '', { flags: RST });
      p.acknowledges = true;
      p.say(get(3));
    },
  },
  between(
    'a RST with data inside the window ends nothing, and its data is not used',
    async (p) => {
      p.put(16, get(9), { flags: RST | ACK });
      p.put(16, get(3));
    },
    { served: get(1, 2, 3) },
  ),
  between('a SYN in mid-stream, at the next byte, changes nothing', (p) => p.put(8, '', { flags: SYN })),
  between('a SYN far off changes nothing', (p) => p.packet(p.initial + 0x70000000, 0, SYN, '')),
  between('the SYN sent again changes nothing', (p) => p.syn()),
  between('a SYN with data in mid-stream brings nothing', (p) => p.put(8, get(9), { flags: SYN | ACK })),
  between('data without the ACK flag is not used', (p) => p.put(8, get(9), { flags: PSH })),
  between('data without any flag is not used', (p) => p.put(8, get(9), { flags: 0 })),
  between('a FIN without the ACK flag ends nothing', (p) => p.put(8, '', { flags: FIN })),
  between('early data without the ACK flag is not kept', (p) => p.put(16, get(9), { flags: PSH }), {
    served: get(1, 2, 3),
    run: (p) => {
      p.say(get(1));
      p.put(16, get(9), { flags: PSH });
      put(p, [16, get(3)], [8, get(2)]);
    },
  }),
  between('a keep-alive without data changes nothing', (p) => p.put(7, '', { flags: ACK })),
  between('a keep-alive with a byte of rubbish changes nothing', (p) => p.put(7, 'Z', { flags: ACK })),
  between('an acknowledgement of what the server never sent takes its data with it', (p) =>
    p.put(8, get(9), { ack: 5000 }),
  ),
  between(
    'early data that acknowledges what the server never sent is not kept',
    (p) => {
      p.put(16, get(9), { ack: 5000 });
      p.put(16, get(3));
    },
    { served: get(1, 2, 3) },
  ),
  between('an acknowledgement too old takes its data with it', (p) => p.put(8, get(9), { ack: -0x1000000 })),
  between('data far beyond the window is not kept', (p) => {
    const beyond = 16 + Math.ceil(3_000_000 / 8) * 8;
    p.put(beyond, get(9));
  }),
  between('data behind by more than a window is nothing', (p) => p.put(-5_000_000, get(9))),
  {
    name: 'data just beyond the window is not kept, and comes again when its time has come',
    connection: { scale: 7 },
    served: get(...Array.from({ length: 4000 }, (_, i) => (i % 3) + 1)),
    run: async (p) => {
      // Where the window of its SYN-ACK ends; it moves up as the server reads.
      const end = Math.ceil(p.windowEnd / 8 + 16) * 8;
      p.put(end, get(9));
      for (let i = 0; i < 4000; i += 125) {
        p.say(get(...Array.from({ length: 125 }, (_, k) => ((i + k) % 3) + 1)));
        await p.until(() => p.acknowledged >= p.next, 'an acknowledgement');
      }
    },
  },
  between('a segment whose header is longer than itself is none', (p) => {
    const packet = p.segment(8, get(9));
    packet[20 + 12] = 0xf0;
    p.send(packet);
  }),
  between('all flags but RST at once change nothing', (p) =>
    p.put(8, get(9), { flags: 63 & ~RST, urgent: 3 }),
  ),
];
