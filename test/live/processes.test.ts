/** The processes of a live recording as the system sees them: what they inherit, and how they end. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { verifyProfile } from 'membench/profile';
import { NO_CAPTURE } from '#src/memory/capture-header.js';
import { frameHead } from '#src/recorder/frames.js';
import { CHANNEL_FD, FIRST_FD, packStart } from '#src/recorder/messages.js';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, type Recording, takeTurns, until, whyNotLive } from '../support/network.js';

const reason = whyNotLive();
test.before(takeTurns);
const serial = reason === '' ? test.serial : test.serial.skip;
const live = (title: string) => `${title}${reason && ` (${reason})`}`;

const SOURCES = ['ebpf', 'afpacket', 'pcap'];

/** What a process has open. */
function openIn(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
}

function childrenOf(recording: Recording): number[] {
  const out = execFileSync('ps', ['-o', 'pid=', '--ppid', String(recording.child.pid)], { encoding: 'utf8' });
  return out.trim().split(/\s+/).map(Number);
}

/** Somebody's descriptors that no program is told of. */
const CALLER = ['bash', '-c', 'exec 200</etc/hostname 9</etc/hostname 4</etc/hostname; exec "$@"', 'caller'];

for (const source of SOURCES) {
  serial(live(`${source}: descriptors of whoever starts a recording stay out of its children`), async (t) => {
    const network = new Network(t);
    const profile = join(temporary(t), 'out.mbp');
    const recording = network.recordAs(CALLER, `${source}:${DEVICE}`, profile);
    await recording.running();
    // They are there where nobody has closed them.
    t.is(openIn(recording.child.pid!).filter((what) => what === '/etc/hostname').length, 3);
    const children = childrenOf(recording);
    t.is(children.length, source === 'pcap' ? 2 : 1);
    for (const child of children) {
      const open = openIn(child);
      t.deepEqual(
        open.filter((what) => !/^(\/dev\/null$|socket:|pipe:|anon_inode:)/.test(what)),
        source === 'pcap' ? open.filter((what) => /\/membench-\w+\/packets \(deleted\)$/.test(what)) : [],
      );
      // Nor those that may be a terminal's.
      for (const fd of [0, 1, 2])
        t.false(open.includes(readlinkSync(`/proc/${recording.child.pid}/fd/${fd}`)));
    }
    await recording.stop();
  });

  serial(
    live(`${source}: killed at many moments of its start, it leaves nothing and nobody says a word`),
    async (t) => {
      t.timeout(180_000);
      const network = new Network(t);
      const folder = temporary(t);
      const running = () =>
        execFileSync('ip', ['netns', 'pids', network.serverNamespace], { encoding: 'utf8' });
      for (let i = 0; i < 24; i++) {
        const recording = network.record('-q', `${source}:${DEVICE}`, join(folder, `${i}.mbp`));
        await sleep(i * 25);
        recording.child.kill('SIGKILL');
        await recording.ended();
        await until(() => running() === '');
        t.is(recording.said, '', `${i * 25} ms`);
      }
      const programs: { name?: string }[] = JSON.parse(
        execFileSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' }),
      );
      t.deepEqual(
        programs.filter(({ name }) => name?.startsWith('membench_')),
        [],
      );
    },
  );
}

/** A recorder whose other half is this test, told to start. What it says on stderr is heard. */
function startRecorder(fd: number): { child: ChildProcess; channel: Socket; said(): string } {
  const child = spawn(process.execPath, [resolve('dist/recorder/main.js'), String(FIRST_FD + 1)], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', fd],
    env: {},
  });
  let said = '';
  child.stderr!.on('data', (data) => {
    said += data;
  });
  const channel = child.stdio[CHANNEL_FD] as Socket;
  channel.on('error', () => {});
  const packed = packStart({
    user: { uid: 65534, gid: 65534 },
    bounded: false,
    settings: {
      feed: { kind: 'stream', fd: FIRST_FD, header: NO_CAPTURE },
      ...{ workers: 2, buffer: undefined, ports: [[11211, 11211]], count: 0, duration: 0n, hashSeed: 1n },
      ...{ run: Buffer.alloc(16), key: Buffer.alloc(16), addressKey: Buffer.alloc(16) },
      ...{ sample: 1, simd: true, zeroCopy: true },
    },
  });
  channel.write(frameHead(0, packed.length));
  channel.write(packed);
  return { child, channel, said: () => said };
}

serial(live('a recorder whose parent goes at any moment of its start ends without a word'), async (t) => {
  t.timeout(120_000);
  const fd = openSync('/dev/null', 'r');
  for (let i = 0; i < 30; i++) {
    const { child, channel, said } = startRecorder(fd);
    // Its whole start takes longer than half of these.
    await sleep(i * 15);
    channel.destroy();
    const [code, signal] = await once(child, 'close');
    t.is(said(), '', `${i * 15} ms`);
    t.deepEqual([code, signal], [null, 'SIGKILL']);
  }
  closeSync(fd);
});

serial(live('pcap: a capturing process that dies is no good end'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record(`pcap:${DEVICE}`, profile);
  await recording.running();
  network.load(1_000);
  await sleep(300);
  const capturing = childrenOf(recording).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('pcap/child.js'),
  );
  process.kill(capturing!, 'SIGKILL');
  t.is(await recording.ended(), 1, recording.said);
  t.regex(recording.said, /the capturing process was ended by SIGKILL.*\[ERR_MEMBENCH_BROKEN_CAPTURE\]/);
  t.is(recording.summary.ended, 'broken source');
  t.true(verifyProfile(profile).perfect);
});
