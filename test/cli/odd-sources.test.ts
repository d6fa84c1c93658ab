/** What people name by mistake, and files that change while they are read. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { membench, temporary } from '../support/cli.js';
import { packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const FIRST = packetsOf(randomConversation(1, 30), { clientPort: 44001 });
const SECOND = packetsOf(randomConversation(2, 30), { clientPort: 44002 });

for (const device of ['/dev/zero', '/dev/null']) {
  test(`one clear line for ${device}`, (t) => {
    const { code, stderr } = membench(['record', device, join(temporary(t), 'out.mbp')]);
    t.is(code, 1);
    t.is(stderr, `membench: ${device}: it is neither a file nor a FIFO [ERR_MEMBENCH_SOURCE]\n`);
  });
}

test('a capture whose clock was set back has no negative span', (t) => {
  const folder = temporary(t);
  const file = join(folder, 'back.pcap');
  writeFileSync(
    file,
    pcapFile(FIRST.map((packet, i) => ({ ...packet, time: packet.time - BigInt(i) * 10n ** 9n }))),
  );
  const { code, stderr } = membench(['record', file, join(folder, 'out.mbp')]);
  t.is(code, 0, stderr);
  t.regex(stderr, new RegExp(`, ${FIRST.length - 1}\\.0 s\\)`));
});

test('one clear line for a socket', async (t) => {
  const path = join(temporary(t), 'socket');
  const server = createServer().listen(path);
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { code, stderr } = membench(['record', path]);
  t.is(code, 1);
  t.regex(stderr, /^membench: \S+: .*\[ERR_MEMBENCH_SOURCE\]\n$/);
});

// It keeps the others waiting, and one of those has a clock.
test.serial('whatever is named as a profile, a capture or a key file: one clear line', async (t) => {
  const folder = temporary(t);
  const at = (name: string) => join(folder, name);
  execFileSync('mkfifo', ['-m', '600', at('fifo')]);
  mkdirSync(at('folder'));
  symlinkSync('loop', at('loop'));
  writeFileSync(at('empty'), '', { mode: 0o600 });
  writeFileSync(at('huge'), '', { mode: 0o600 });
  truncateSync(at('huge'), 2 ** 40);
  const server = createServer().listen(at('socket'));
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  writeFileSync(at('good.pcap'), pcapFile(FIRST));
  const IRREGULAR = 'it is not a regular file';
  const NEITHER = 'it is neither a file nor a FIFO';
  const DIRECTORY = 'it is a directory';
  const NO_KEY = 'it holds neither 32 hex digits nor 16 bytes';
  // A FIFO may be a capture.
  const whys: [path: string, profile: string, capture: string | null, keyFile: string][] = [
    [at('fifo'), IRREGULAR, null, IRREGULAR],
    [at('socket'), IRREGULAR, NEITHER, IRREGULAR],
    ['/dev/zero', IRREGULAR, NEITHER, IRREGULAR],
    [at('folder'), DIRECTORY, `${DIRECTORY} (name a capture file in it)`, IRREGULAR],
    [at('loop'), ...same('too many symbolic links')],
    [at('x'.repeat(300)), ...same('its name is too long')],
    [at('nothing'), 'there is no such file', 'no such file', 'no such file'],
    [at('empty'), 'it is empty', 'it is empty', NO_KEY],
    [at('huge'), 'it does not start like a profile', 'it does not begin like a pcap or pcapng file', NO_KEY],
  ];
  for (const [path, profile, capture, keyFile] of whys) {
    const out = at('out.mbp');
    const runs: [args: string[], why: string | null][] = [
      [['cat', path], profile],
      [['verify', path], profile],
      [['analyze', path], profile],
      [['record', `file:${path}`, out], capture],
      [['record', '--key-file', path, at('good.pcap'), out], keyFile],
    ];
    for (const [args, why] of runs) {
      if (why === null) continue;
      // One that hangs is ended.
      const { status, stderr } = spawnSync(process.execPath, ['dist/bin/membench.cjs', ...args], {
        encoding: 'utf8',
        timeout: 60_000,
        killSignal: 'SIGKILL',
      });
      t.is(status, 1, `${args} ${stderr}`);
      t.is(stderr.replace(/ \[ERR_MEMBENCH_\w+\]\n$/, ''), `membench: ${path}: ${why}`);
    }
    t.false(existsSync(out));
  }
});

function same(why: string): [string, string, string] {
  return [why, why, why];
}

test('a directory on standard input is no capture', (t) => {
  const folder = temporary(t);
  const command = `"${process.execPath}" dist/bin/membench.cjs record - "${join(folder, 'out.mbp')}" <"${folder}"`;
  const { status, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  t.is(status, 1);
  t.regex(stderr, /^membench: standard input: it is a directory .*\[ERR_MEMBENCH_SOURCE\]\n$/);
});

test('one clear line for a file we may not read', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'secret.pcap');
  writeFileSync(path, pcapFile(FIRST), { mode: 0o600 });
  chmodSync(path, 0);
  // Root may read everything; nobody may not even enter a folder of root's.
  const command = [process.execPath, 'dist/bin/membench.cjs', 'record', path, join(folder, 'out.mbp')];
  const drop = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', 'exec "$@"', 'sh', ...(process.getuid?.() === 0 ? drop : []), ...command],
    {
      encoding: 'utf8',
    },
  );
  t.is(status, 1);
  t.regex(stderr, /^membench: \S+: permission denied \[ERR_MEMBENCH_SOURCE\]\n$/);
});

test('a terminal is no capture', (t) => {
  const { stdout } = spawnSync(
    'script',
    ['-qec', `${process.execPath} dist/bin/membench.cjs record -`, '/dev/null'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  t.regex(stdout, /standard input: it is a terminal .*\[ERR_MEMBENCH_SOURCE\]/);
});

test('files are those that were there at the start, however they are replaced meanwhile', async (t) => {
  const folder = temporary(t);
  const [fifo, file, other] = ['fifo', 'file.pcap', 'other.pcap'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  execFileSync('mkfifo', [fifo]);
  writeFileSync(file, pcapFile(SECOND));
  const args = ['dist/bin/membench.cjs', 'record', '-q', '--json', '-w', join(folder, 'out.mbp'), fifo, file];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const writer = createWriteStream(fifo);
  const bytes = pcapFile(FIRST);
  writer.write(bytes.subarray(0, 1000));
  await sleep(1500);
  writeFileSync(other, 'not a capture at all, and longer than a file header');
  renameSync(other, file);
  writer.end(bytes.subarray(1000));
  t.is(await new Promise((resolve) => child.once('exit', resolve)), 0);
  t.is(JSON.parse(said).packets.decoded, FIRST.length + SECOND.length);
});
