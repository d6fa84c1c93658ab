/** What somebody does who uses membench for the first time: each slip ends in one line that helps. */
import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { analyze, record } from 'membench';
import { createDecoder } from 'membench/decoder';
import { membench, temporary } from '../support/cli.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { pcapFile } from '../support/packets.js';

const CAPTURE = pcapFile(packetsOf([client('get a\r\n'), server('END\r\n')]));
const bytes = (text: string) => Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16));

/** Arguments, and what the line says; CAPTURE, OTHER, PROFILE and TEXT stand for files that are there. */
const SLIPS: [args: string, code: number, says: RegExp][] = [
  // Names that are none.
  [
    'record eht0',
    1,
    /eht0: it is neither a file nor an interface \(interfaces here: .*\blo\b.*any is all of them\)/,
  ],
  ['record none-*.pcap', 1, /neither a file nor an interface \(no file matches this pattern/],
  ['record traffic.pcap', 1, /traffic\.pcap: it is neither a file nor an interface/],
  ['record epbf:eth0', 1, /there is no source epbf: \(file:PATH, ebpf:IF, afpacket:IF or pcap:IF\)/],
  ['record localhost:11211', 1, /connects to no server, .*: membench record -p 11211 any/],
  ['record 11211', 1, /ports are named by -p: membench record -p 11211 SOURCE/],
  ['record -p 11211 11212 CAPTURE', 2, /several|is named like a capture/],
  ['record port_11211', 1, /it is a filter expression, not a source/],
  ['record CAPTURE port_11211', 2, /there are no filter expressions; -p names the ports/],
  ['record -r lo', 1, /lo: no such file \(it is an interface: membench record lo\)/],
  // The wrong file in the wrong place.
  ['record PROFILE', 1, /it is a profile, recorded already \(membench analyze FILE\)/],
  ['analyze CAPTURE', 1, /it does not start like a profile \(membench record \S+\)/],
  ['cat CAPTURE', 1, /it does not start like a profile \(membench record \S+\)/],
  ['record CAPTURE OTHER', 2, /OTHER\.pcap: it is named like a capture, .* several captures need -w PROFILE/],
  ['record new.mbp CAPTURE', 2, /it is named like a capture/],
  ['record TEXT', 1, /does not begin like a pcap or pcapng file \(it looks like text; tcpdump -w FILE/],
  ['record --wake-interval 9ms ebpf:lo', 2, /between wake-ups must be 0\.05 to 5 ms, not 9 ms/],
  ['record', 2, /no SOURCE is given: a capture file, - for standard input, or an interface/],
  ['record -w - CAPTURE', 2, /a profile is written to a file, not to standard output/],
  ['record CAPTURE -', 2, /a profile is written to a file, not to standard output/],
  ['analyze -', 1, /-: there is no such file \(profiles are read from files, not from standard input\)/],
  // Variables that are not set.
  [
    'record --key-file EMPTY CAPTURE',
    1,
    /the name of the key file is empty \(a variable that is not set\?\)/,
  ],
  ['record EMPTY', 2, /the name of SOURCE is empty/],
  ['record -w EMPTY CAPTURE', 2, /the name of PROFILE is empty/],
  // Words that are nearly right.
  ['recrod CAPTURE', 2, /Did you mean record\?/],
  ['record --ports 11211 CAPTURE', 2, /Did you mean --port\?/],
  ['record -d 10x CAPTURE', 2, /must be a time such as 10s.* \(membench record --help\)/],
  ['record -o PROFILE CAPTURE', 2, /unknown option '-o' \(-w names the profile\)/],
  ['record -nn CAPTURE', 2, /unknown option '-nn' \(tcpdump has it, and record has no need of it\)/],
  ['record -y CAPTURE', 2, /unknown option '-y' \(membench record --help\)/],
  ['record -W 3 CAPTURE', 2, /a number of files to keep needs a rotation .*\(-C or -G with -W\)/],
  ['analyze -y PROFILE', 2, /unknown option '-y' \(membench analyze --help\)/],
  ['analyze', 2, /missing required argument 'profile' \(membench analyze --help\)/],
  ['-r CAPTURE', 2, /unknown option '-r' \(it is an option of a command: membench record -r …\)/],
  ['CAPTURE', 2, /unknown command '.*CAPTURE\.pcap' \(membench record .*CAPTURE\.pcap\)/],
  ['lo', 2, /unknown command 'lo' \(membench record lo\)/],
  ['PROFILE', 2, /unknown command '.*made\.mbp' \(membench analyze .*made\.mbp\)/],
  ['version', 2, /unknown command 'version' \(membench --version\)/],
  ['help recrod', 2, /unknown command 'recrod' \(membench --help\)/],
];

for (const [args, code, says] of SLIPS) {
  test(`membench ${args}`, (t) => {
    const folder = temporary(t);
    const files: Record<string, string> = {};
    for (const [name, content] of Object.entries({
      CAPTURE,
      OTHER: CAPTURE,
      TEXT: 'hello',
    })) {
      files[name] = join(folder, `${name}${name === 'TEXT' ? '.txt' : '.pcap'}`);
      writeFileSync(files[name], content);
    }
    files.PROFILE = join(folder, 'made.mbp');
    if (args.includes('PROFILE')) membench(['record', files.CAPTURE!, files.PROFILE]);
    const given = args
      .split(' ')
      .map((word) => (word === 'EMPTY' ? '' : (files[word] ?? word.replace('port_', 'port '))));
    const outcome = membench(given);
    t.is(outcome.code, code, outcome.stderr);
    t.regex(outcome.stderr, says);
    t.regex(outcome.stderr, /^membench: [^\n]*\[ERR_MEMBENCH_\w+\]\n$/);
    t.is(outcome.stdout, '');
  });
}

test('-s 0 is whole packets, as for tcpdump', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'whole.pcap');
  writeFileSync(path, CAPTURE);
  const { code, stdout } = membench(['record', '-q', '--json', '-s', '0', path, join(folder, 'out.mbp')]);
  t.is(code, 0);
  t.like(JSON.parse(stdout), { requests: 1, answered: 1 });
});

/** What each begins with, by its own description, and a few bytes more. */
const PACKED: [name: string, head: string, cure: RegExp][] = [
  ['xz', 'fd 37 7a 58 5a 00 00 04', /xz, which .* \(xz -dc FILE \| membench record -\)/],
  ['lz4', '04 22 4d 18 64 40 a7 00', /lz4, which .* \(lz4 -dc FILE \| membench record -\)/],
  ['bzip2', '42 5a 68 39 31 41 59 26', /bzip2, which .* \(bzip2 -dc FILE \| membench record -\)/],
  ['compress', '1f 9d 90 00 00 00 00 00', /compress, which .* \(gzip -dc FILE \| membench record -\)/],
  ['zip', '50 4b 03 04 14 00 00 00', /zip, which .* \(unzip -p FILE \| membench record -\)/],
];

for (const [name, head, cure] of PACKED) {
  test(`a capture packed by ${name}: the line names the cure`, (t) => {
    const path = join(temporary(t), 'traffic');
    writeFileSync(path, Buffer.concat([bytes(head), Buffer.alloc(100)]));
    const { code, stderr } = membench(['record', path]);
    t.is(code, 1);
    t.regex(stderr, cure);
    t.regex(stderr, /^membench: [^\n]*\[ERR_MEMBENCH_UNSUPPORTED\]\n$/);
  });
}

/** As rotation names them, so that the name tells nothing. */
for (const [name, content] of [
  ['pcap', CAPTURE],
  ['gzip', gzipSync(CAPTURE)],
] as const) {
  test(`two captures without -w, and the second is ${name}: not even --force makes it the profile`, (t) => {
    const folder = temporary(t);
    const [first, second] = [join(folder, 'roll'), join(folder, 'roll1')];
    writeFileSync(first, CAPTURE);
    writeFileSync(second, content);
    for (const force of [[], ['--force']]) {
      const { code, stderr } = membench(['record', ...force, first, second]);
      t.is(code, 2);
      t.regex(
        stderr,
        /^membench: [^\n]*roll1: it is a capture, .*need -w PROFILE\) \[ERR_MEMBENCH_USAGE\]\n$/,
      );
      t.deepEqual(new Uint8Array(readFileSync(second)), new Uint8Array(content));
    }
  });
}

test('interfaces here are named where one is misspelt', (t) => {
  const { stderr } = membench(['record', 'afpacket:nosuch0']);
  for (const name of Object.keys(networkInterfaces()).slice(0, 1)) t.true(stderr.includes(name), stderr);
});

test('options the library does not know are refused', async (t) => {
  const wrong = (options: object) => record({ source: 'none.pcap', ...options } as never);
  const usage = 'ERR_MEMBENCH_USAGE';
  t.like(await t.throwsAsync(wrong({ port: 11211 })), {
    code: usage,
    message: 'there is no option port',
    hint: 'ports?',
  });
  t.like(await t.throwsAsync(wrong({ keyfile: 'x' })), { code: usage, hint: 'keyFile?' });
  t.like(await t.throwsAsync(wrong({ 'zero-copy': false })), { code: usage, hint: 'zeroCopy?' });
  const { hint } = (await t.throwsAsync(wrong({ colour: true }))) as Error & { hint: string };
  t.regex(hint, /^there are source, profile, /);
  t.like(await t.throwsAsync(record({} as never)), { code: usage, message: 'no source is given' });
  t.like(await t.throwsAsync(record({ source: [] })), { code: usage });
  t.like(await t.throwsAsync(analyze('out.mbp' as never)), { code: usage, hint: "analyze(['out.mbp'])" });
  t.like(await t.throwsAsync(createDecoder({ prot: 1 } as never)), {
    code: usage,
    message: 'there is no option prot',
  });
});
