/**
 * The half of `pcap:IF` that has rights: a process of its own, as dumpcap is Wireshark's. It opens the
 * device, gives up its rights, and writes what it captures to stdout as a classic pcap stream with
 * nanoseconds. cap needs the process for itself: it aborts when the interface goes down, and keeps the
 * event loop from turning as long as packets come.
 *
 * Arguments: device, filter, bytes of the kernel's ring, and `uid:gid` to become, or `-`.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import type { Cap } from 'cap';
import { closeInherited } from '../../native/descriptors.js';
import { checkThreads, dropRights, Threads } from '../../native/drop-rights.js';
import { hideMemory } from '../../native/dumps.js';
import { type Libc, loadLibc } from '../../native/libc.js';
import { type ChildFailure, type ChildReady, READY_FD } from './messages.js';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** Snaplen of the header: the most a reader takes. cap's own cannot be set. */
const SNAPLEN = 262144;
/** Bytes cap captures of a packet at most. */
const CAP_SNAPLEN = 65535;
/**
 * Wire length given to a packet that fills CAP_SNAPLEN, and may have been cut there: cap does not tell how
 * long it was. On loopback that are whole segments of 64 KiB, which lose up to 14 bytes. Were the captured
 * length given, the decoder would not miss them and lose the stream instead; with the longest a packet
 * can be it goes by the IP header. That is 40 + 65535 bytes of IPv6, a cooked link header and two tags.
 */
const CUT_LENGTH = 40 + 65535 + 16 + 8;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** Bytes after which a batch is written. */
const BATCH = 256 * 1024;
/** Milliseconds after which it is, however small: packets may keep the event loop from turning for long. */
const BATCH_AGE = 10;
/** Milliseconds between two looks at stdin and at the clock while the event loop may not turn. */
const LOOK_INTERVAL = 100;
const CLOCK_INTERVAL = 1000;

/** LINKTYPE_ values by cap's names (tcpdump.org/linktypes.html). */
const LINKTYPES: Record<string, number> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LINKTYPE_LINUX_SLL: 113,
  // Names cap does not know it gives by their DLT_ number, which for these is that of the LINKTYPE_.
  'Unknown linktype 108': 108,
  'Unknown linktype 228': 228,
  'Unknown linktype 229': 229,
  'Unknown linktype 276': 276,
};

/**
 * Where cap puts a packet, and behind it the batch: in one memory, so that a packet is moved by
 * `copyWithin`, which allocates nothing. It lives as long as the process, because cap keeps the address
 * and not the object.
 */
const PACKET_AREA = 65536;
const memory = new ArrayBuffer(PACKET_AREA + BATCH + RECORD_HEADER + PACKET_AREA);
const bytes = new Uint8Array(memory);
/** Told to end, it waits until no packet came for so long, and never longer than the second, ms. */
const QUIET = 60;
const QUIET_MAX = 600;
const view = new DataView(memory);
/** End of what is in the batch. */
let end = PACKET_AREA;
/** When the batch began, performance.now(). */
let batchStart = 0;
/** The event loop will write the batch when it turns. */
let willTurn = false;
let lastLook = 0;

function fail(code: ChildFailure['code'], message: string): never {
  writeSync(STDERR, `${JSON.stringify({ code, message } satisfies ChildFailure)}\n`);
  process.exit(1);
}

// Unix time is that of the anchor and what performance.now() says has passed since.
let anchor = 0;
let anchorMilliseconds = 0;
let anchorSeconds = 0;
let anchorNanoseconds = 0;
let lastClock = 0;

/** Sets the anchor: Node tells the wall clock in milliseconds only, so it waits for one to begin. */
function setAnchor(): void {
  // Whoever is put aside just then has to try again.
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

/** Follows steps of the wall clock. Where there was none it only looks, and does not wait. */
function checkAnchor(now: number): void {
  lastClock = now;
  // Date.now() rounds down. Between both looks hardly any time passes, but it may.
  const ahead = anchorMilliseconds + (now - anchor) - Date.now();
  if (ahead < -0.5 || ahead > 1.1) setAnchor();
}

/** Writes the batch. The pipe blocks, so that a slow reader makes the kernel drop and nobody else. */
function flush(): void {
  willTurn = false;
  let at = PACKET_AREA;
  while (at < end) {
    try {
      at += writeSync(STDOUT, bytes, at, end - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nobody reads any more: there is nothing left to do, and nobody to tell.
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') fail('FAILED', (error as Error).message);
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
  end = PACKET_AREA;
}
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Ends in good order once the parent let go of stdin, or is gone. */
function finish(): never {
  flush();
  process.exit(0);
}

/** When stdin ended, performance.now(); 0 while it is open. */
let endedAt = 0;
let packetAt = 0;

/**
 * What the kernel has seen is still in its ring, and comes out of it as long as we wait: until none came
 * for a while, or for so long that the parent is about to lose patience.
 */
function finishWhenQuiet(): void {
  endedAt = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - Math.max(endedAt, packetAt) >= QUIET || now - endedAt >= QUIET_MAX) finish();
  }, QUIET / 4);
}

/** Sees the end of stdin where the event loop does not get to it. */
function look(now: number): void {
  lastLook = now;
  if (endedAt > 0) {
    if (now - endedAt >= QUIET_MAX) finish();
    return;
  }
  try {
    if (readSync(STDIN, view, 0, 1, null) === 0) finishWhenQuiet();
  } catch (error) {
    // It is open and silent.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN' && code !== 'EINTR') finish();
  }
}

/** Between batches, where the clock may step without upsetting the order in one. */
function beginBatch(now: number): void {
  batchStart = now;
  if (now - lastLook >= LOOK_INTERVAL) look(now);
  if (now - lastClock >= CLOCK_INTERVAL) checkAnchor(now);
}

function onPacket(size: number, truncated: boolean): void {
  if (end === PACKET_AREA) beginBatch(performance.now());
  // Read after the anchor was set, which is never later than this.
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
    // Its JavaScript is there; its addon is not, or does not load.
    if (code === 'MODULE_NOT_FOUND') fail('NOT_BUILT', 'cap is installed but was not built');
    return fail('NOT_BUILT', `cap does not load: ${line}`);
  }
}

/** What libpcap says, by what can be done about it. */
function classify(message: string): ChildFailure['code'] {
  if (/no such device|no such interface|not configured|SIOCGIFHWADDR/i.test(message)) return 'NO_DEVICE';
  if (/not up|network is down/i.test(message)) return 'DEVICE_DOWN';
  if (/not permitted|permission|CAP_NET_RAW/i.test(message)) return 'NO_PERMISSION';
  if (/no VLAN support/i.test(message)) return 'NO_VLAN';
  return 'FAILED';
}

/** Becomes another user (`uid:gid`, or `-` for none), and makes sure that no right of root is left. */
function becomeUser(user: string): void {
  const [uid, gid] = user.split(':').map(Number) as [number, number];
  try {
    dropRights(user === '-' ? null : { uid, gid }, 'it');
    // Without a user to become it never was root, and keeps what it was given to capture.
    if (process.getuid?.() === 0 || process.geteuid?.() === 0) fail('PRIVILEGE', 'it would capture as root');
    if (user !== '-' && process.platform === 'linux') checkThreads(new Threads().read(), EXPECTED);
  } catch (error) {
    fail('PRIVILEGE', (error as Error).message);
  }
}

/** Nothing but the user was changed. */
const EXPECTED = { shed: false, noNewPrivs: false, bounded: false, filtered: false };

/** Its memory will be packets, and it does abort, when the interface goes down. */
function hide(libc: Libc | undefined): void {
  try {
    hideMemory(libc);
  } catch (error) {
    fail('PRIVILEGE', (error as Error).message);
  }
}

// Whoever started us may hold descriptors that somebody else gave them.
closeInherited(READY_FD + 1);
const libc = await loadLibc().catch(() => undefined);
hide(libc);
const [device, filter, ring, user] = process.argv.slice(2) as [string, string, string, string];
const CapClass = await loadCap();
// Held for the life of the process: were it collected after a failed open(), that would crash.
const cap = new CapClass();
let name = '';
try {
  name = cap.open(device, filter, Number(ring), Buffer.from(memory, 0, PACKET_AREA));
} catch (error) {
  const { message } = error as Error;
  fail(classify(message), message || 'libpcap does not say why');
}
becomeUser(user);
// The change of user has undone it.
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
// A terminal sends its signals to all of its processes; the parent decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const)
  process.on(signal, () => {});
writeSync(READY_FD, `${JSON.stringify({ linktype } satisfies ChildReady)}\n`);
closeSync(READY_FD);
