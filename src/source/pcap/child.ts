/**
 * The capturing process of `pcap:IF`, as dumpcap is that of Wireshark. It opens the device, gives up its
 * rights, and writes captured packets to stdout as a classic pcap stream with nanoseconds. cap needs a
 * process of its own: it aborts when the interface goes down, and blocks the event loop while packets arrive.
 *
 * Arguments: device, filter, bytes of the kernel's ring, and the `uid:gid` to become, or `-`.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import type { Cap } from 'cap';
import { closeInherited } from '../../native/descriptors.js';
import { checkThreads, dropRights, ThreadStatuses } from '../../native/drop-rights.js';
import { hideMemory } from '../../native/dumps.js';
import { type Libc, loadLibc } from '../../native/libc.js';
import { type ChildFailure, type ChildReady, READY_FD } from './messages.js';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** Snaplen in the stream's header: the most that readers accept. That of cap cannot be set. */
const SNAPLEN = 262144;
/** Most bytes of a packet that cap captures. */
const CAP_SNAPLEN = 65535;
/**
 * Length on the wire that is written for a packet of CAP_SNAPLEN bytes, which may have been cut there: cap
 * does not tell its length. On loopback such packets are segments of 64 KiB, which lose up to 14 bytes. With
 * the captured length the decoder would not notice that, and lose the stream; with the greatest length a
 * packet can have it uses the IP header. That is 40 + 65535 bytes of IPv6, a cooked link header and two VLAN
 * tags.
 */
const CUT_LENGTH = 40 + 65535 + 16 + 8;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** Bytes after which a batch is written. */
const BATCH = 256 * 1024;
/** Age at which a batch is written, ms: packets may block the event loop for long. */
const BATCH_AGE = 10;
/** Time between two checks of stdin, and of the clock, while the event loop may be blocked, ms. */
const LOOK_INTERVAL = 100;
const CLOCK_INTERVAL = 1000;

/** LINKTYPE_ values by cap's names (tcpdump.org/linktypes.html). */
const LINKTYPES: Record<string, number> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LINKTYPE_LINUX_SLL: 113,
  // For types unknown to it cap returns their DLT_ number, which for these equals the LINKTYPE_ value.
  'Unknown linktype 108': 108,
  'Unknown linktype 228': 228,
  'Unknown linktype 229': 229,
  'Unknown linktype 276': 276,
};

/**
 * The area for cap's packet, followed by the batch: in one buffer, so that `copyWithin` moves a packet
 * without allocating. It lives as long as the process, because cap keeps only its address.
 */
const PACKET_AREA = 65536;
const memory = new ArrayBuffer(PACKET_AREA + BATCH + RECORD_HEADER + PACKET_AREA);
const bytes = new Uint8Array(memory);
/** Time without packets after which it ends when told to, and the longest wait for that, ms. */
const QUIET = 60;
const QUIET_MAX = 600;
const view = new DataView(memory);
/** Offset of the end of the batch. */
let end = PACKET_AREA;
/** Time when the batch began, performance.now(). */
let batchStart = 0;
/** Whether the event loop will write the batch in its next turn. */
let willTurn = false;
let lastLook = 0;

function fail(code: ChildFailure['code'], message: string): never {
  writeSync(STDERR, `${JSON.stringify({ code, message } satisfies ChildFailure)}\n`);
  process.exit(1);
}

// Unix time is the time of the anchor plus the time since then by performance.now().
let anchor = 0;
let anchorMilliseconds = 0;
let anchorSeconds = 0;
let anchorNanoseconds = 0;
let lastClock = 0;

/** Sets the anchor at the begin of a millisecond, because Date.now() has only milliseconds. */
function setAnchor(): void {
  // Where the process was preempted in between, it tries again.
  for (let attempt = 0; attempt < 5; attempt++) {
    const from = Date.now();
    let now = from;
    let before = 0;
    let after = performance.now();
    while (now === from) {
      before = after;
      now = Date.now();
      after = performance.now();
    }
    anchor = after;
    anchorMilliseconds = now;
    if (after - before < 0.02) break;
  }
  anchorSeconds = Math.floor(anchorMilliseconds / 1000);
  anchorNanoseconds = (anchorMilliseconds % 1000) * 1e6;
}

/** Sets the anchor anew where the wall clock was set. */
function checkAnchor(now: number): void {
  lastClock = now;
  // Date.now() rounds down, and some time may pass between the two clocks.
  const ahead = anchorMilliseconds + (now - anchor) - Date.now();
  if (ahead < -0.5 || ahead > 1.1) setAnchor();
}

/** Writes the batch. The pipe blocks, so that with a slow reader only the kernel drops packets. */
function flush(): void {
  willTurn = false;
  let at = PACKET_AREA;
  while (at < end) {
    try {
      at += writeSync(STDOUT, bytes, at, end - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The reader is gone, so there is nothing left to do.
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') fail('FAILED', (error as Error).message);
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
  end = PACKET_AREA;
}
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes the batch and exits. */
function finish(): never {
  flush();
  process.exit(0);
}

/** Time when stdin ended, performance.now(); 0 while it is open. */
let endedAt = 0;
let packetAt = 0;

/**
 * Ends once the kernel's ring is empty: when no packet arrived for QUIET, or after QUIET_MAX, before the
 * parent kills this process.
 */
function finishWhenQuiet(): void {
  endedAt = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - Math.max(endedAt, packetAt) >= QUIET || now - endedAt >= QUIET_MAX) finish();
  }, QUIET / 4);
}

/** Checks for the end of stdin where the event loop is blocked. */
function look(now: number): void {
  lastLook = now;
  if (endedAt > 0) {
    if (now - endedAt >= QUIET_MAX) finish();
    return;
  }
  try {
    if (readSync(STDIN, view, 0, 1, null) === 0) finishWhenQuiet();
  } catch (error) {
    // With EAGAIN or EINTR stdin is still open.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN' && code !== 'EINTR') finish();
  }
}

/** Begins a batch. The clock is checked only here, so that the times within a batch are in order. */
function beginBatch(now: number): void {
  batchStart = now;
  if (now - lastLook >= LOOK_INTERVAL) look(now);
  if (now - lastClock >= CLOCK_INTERVAL) checkAnchor(now);
}

function onPacket(size: number, truncated: boolean): void {
  if (end === PACKET_AREA) beginBatch(performance.now());
  // Read after beginBatch, which may have set the anchor, so that it is never before the anchor.
  const now = performance.now();
  packetAt = now;
  const time = Math.floor(anchorNanoseconds + (now - anchor) * 1e6);
  const nanoseconds = time % 1e9;
  const cut = truncated || size >= CAP_SNAPLEN;
  view.setUint32(end, anchorSeconds + (time - nanoseconds) / 1e9, true);
  view.setUint32(end + 4, nanoseconds, true);
  view.setUint32(end + 8, size, true);
  view.setUint32(end + 12, cut ? CUT_LENGTH : size, true);
  bytes.copyWithin(end + RECORD_HEADER, 0, size);
  end += RECORD_HEADER + size;
  if (end >= PACKET_AREA + BATCH || now - batchStart >= BATCH_AGE) flush();
  else if (!willTurn) {
    willTurn = true;
    setImmediate(flush);
  }
}

async function loadCap(): Promise<new () => Cap> {
  try {
    return (await import('cap')).default.Cap;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const line = message.split('\n')[0]!;
    if (code === 'ERR_MODULE_NOT_FOUND') fail('NOT_INSTALLED', 'cap is not installed');
    // The JavaScript of cap was found, but its addon is missing or does not load.
    if (code === 'MODULE_NOT_FOUND') fail('NOT_BUILT', 'cap is installed but was not built');
    return fail('NOT_BUILT', `cap does not load: ${line}`);
  }
}

/** The kind of failure by libpcap's message. */
function classify(message: string): ChildFailure['code'] {
  if (/no such device|no such interface|not configured|SIOCGIFHWADDR/i.test(message)) return 'NO_DEVICE';
  if (/not up|network is down/i.test(message)) return 'DEVICE_DOWN';
  if (/not permitted|permission|CAP_NET_RAW/i.test(message)) return 'NO_PERMISSION';
  if (/no VLAN support/i.test(message)) return 'NO_VLAN';
  return 'FAILED';
}

/** Becomes another user (`uid:gid`, or `-` for none), and checks that this process is no longer root. */
function becomeUser(user: string): void {
  const [uid, gid] = user.split(':').map(Number) as [number, number];
  try {
    dropRights(user === '-' ? null : { uid, gid }, 'it');
    // Without a user to become it was never root, and keeps the capabilities it was given for capturing.
    if (process.getuid?.() === 0 || process.geteuid?.() === 0) fail('PRIVILEGE', 'it would capture as root');
    if (user !== '-' && process.platform === 'linux') checkThreads(new ThreadStatuses().read(), EXPECTED);
  } catch (error) {
    fail('PRIVILEGE', (error as Error).message);
  }
}

/** Expectations after a mere change of user. */
const EXPECTED = { shed: false, noNewPrivs: false, bounded: false, filtered: false };

/** Keeps packets out of core dumps: this process aborts when the interface goes down. */
function hide(libc: Libc | undefined): void {
  try {
    hideMemory(libc);
  } catch (error) {
    fail('PRIVILEGE', (error as Error).message);
  }
}

// The parent may have inherited descriptors from others.
closeInherited(READY_FD + 1);
const libc = await loadLibc().catch(() => undefined);
hide(libc);
const [device, filter, ring, user] = process.argv.slice(2) as [string, string, string, string];
const CapClass = await loadCap();
// Referenced for the life of the process: collecting it after a failed open() would crash.
const cap = new CapClass();
let name = '';
try {
  name = cap.open(device, filter, Number(ring), Buffer.from(memory, 0, PACKET_AREA));
} catch (error) {
  const { message } = error as Error;
  fail(classify(message), message || 'libpcap does not say why');
}
becomeUser(user);
// The change of user has reset it.
hide(libc);
const linktype = LINKTYPES[name] ?? fail('LINKTYPE', `link type ${name} is not known`);

view.setUint32(end, 0xa1b23c4d, true);
view.setUint16(end + 4, 2, true);
view.setUint16(end + 6, 4, true);
view.setUint32(end + 16, SNAPLEN, true);
view.setUint32(end + 20, linktype, true);
end += FILE_HEADER;
flush();

setAnchor();
cap.on('packet', onPacket);
process.stdin
  .on('end', () => {
    if (endedAt === 0) finishWhenQuiet();
  })
  .on('error', finish)
  .resume();
// A terminal sends its signals to all its processes; the parent decides what to do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const)
  process.on(signal, () => {});
writeSync(READY_FD, `${JSON.stringify({ linktype } satisfies ChildReady)}\n`);
closeSync(READY_FD);
