/** What people name by mistake, and files that change while they are read. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, createWriteStream, renameSync, writeFileSync } from 'node:fs';
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

test('one clear line for a socket', async (t) => {
  const path = join(temporary(t), 'socket');
  const server = createServer().listen(path);
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { code, stderr } = membench(['record', path]);
  t.is(code, 1);
  t.regex(stderr, /^membench: \S+: .*\[ERR_MEMBENCH_SOURCE\]\n$/);
});

test('one clear line for a file we may not read', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'secret.pcap');
  writeFileSync(path, pcapFile(FIRST), { mode: 0o600 });
  chmodSync(path, 0);
  // Root may read everything; nobody may not even enter a folder of root's.
  const command = [process.execPath, 'dist/cli/main.js', 'record', path, join(folder, 'out.mbp')];
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
    ['-qec', `${process.execPath} dist/cli/main.js record -`, '/dev/null'],
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
  const args = ['dist/cli/main.js', 'record', '-q', '--json', '-w', join(folder, 'out.mbp'), fifo, file];
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
