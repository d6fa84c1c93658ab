/** Checks the options of a recording before anything is opened. */
import { MembenchError, refuseUnknown } from './errors.js';
import type { RecordOptions } from './record-options.js';
import { cgroupOf, isLive } from './source/names.js';

/** All options; the compiler checks that none is missing. */
const KNOWN: Readonly<Record<keyof RecordOptions, true>> = {
  source: true,
  profile: true,
  force: true,
  rotateSize: true,
  rotateTime: true,
  files: true,
  fsync: true,
  ports: true,
  workers: true,
  buffer: true,
  memory: true,
  count: true,
  duration: true,
  sample: true,
  snaplen: true,
  user: true,
  zeroCopy: true,
  attach: true,
  ebpfValues: true,
  ebpfBuffer: true,
  wakeInterval: true,
  kernelParse: true,
  keyFile: true,
  hideMemory: true,
  giveUpRights: true,
  signal: true,
  onProgress: true,
  onInfo: true,
  onDetail: true,
  onWarning: true,
  onStart: true,
};

/**
 * Range of times between two wake-ups, seconds: a wake-up itself takes half of the least, and workers that had packets
 * look for more after 5 ms anyway (src/pool/drain.ts).
 */
const WAKE_MIN = 50e-6;
const WAKE_MAX = 5e-3;

/**
 * Refuses invalid options.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function checkOptions(options: RecordOptions): void {
  refuseUnknown(options, KNOWN);
  // A caller in JavaScript may pass any value.
  const { source } = options as { source: unknown };
  const isName = (name: unknown) => typeof name === 'string' && name !== '';
  if (!isName(source) && !(Array.isArray(source) && source.length > 0 && source.every(isName))) {
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      'no source is given',
      "source: 'traffic.pcap', or 'ebpf:eth0'",
    );
  }
  if (options.profile === '')
    throw new MembenchError('ERR_MEMBENCH_USAGE', 'the name of the profile is empty');
  const positive = (name: string, value: number | undefined, integer: boolean) => {
    if (value === undefined) return;
    if (!(value > 0) || (integer && !Number.isSafeInteger(value))) {
      throw new MembenchError(
        'ERR_MEMBENCH_USAGE',
        `${name} must be a positive ${integer ? 'integer' : 'number'}, not ${value}`,
      );
    }
  };
  positive('workers', options.workers, true);
  positive('sample', options.sample, true);
  positive('buffer', options.buffer, true);
  positive('memory', options.memory, true);
  positive('count', options.count, true);
  positive('rotateSize', options.rotateSize, true);
  positive('rotateTime', options.rotateTime, false);
  positive('files', options.files, true);
  positive('snaplen', options.snaplen, true);
  if (options.files !== undefined && options.rotateSize === undefined && options.rotateTime === undefined) {
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      'a number of files to keep needs a rotation by size or time',
      '-C or -G with -W',
    );
  }
  positive('duration', options.duration, false);
  const { wakeInterval } = options;
  if (wakeInterval !== undefined && !(wakeInterval >= WAKE_MIN && wakeInterval <= WAKE_MAX)) {
    // A product of decimal fractions may end in digits that nobody gave.
    const milliseconds = Number((wakeInterval * 1e3).toPrecision(6));
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      `the time between wake-ups must be ${WAKE_MIN * 1e3} to ${WAKE_MAX * 1e3} ms, not ${milliseconds} ms`,
    );
  }
  for (const range of options.ports ?? []) {
    const [first, last] = Array.isArray(range) ? (range as [number, number]) : [0, 0];
    if (
      !(Number.isInteger(first) && Number.isInteger(last) && first >= 1 && first <= last && last <= 65535)
    ) {
      throw new MembenchError(
        'ERR_MEMBENCH_USAGE',
        `${JSON.stringify(range)} is not a range of ports`,
        'ports: [[11211, 11213], [11311, 11311]]',
      );
    }
  }
  checkSource(options);
}

/** Refuses options that have no effect for this source, because ignoring one would suggest that it works. */
function checkSource(options: RecordOptions): void {
  const { source, user, attach, ebpfValues, ebpfBuffer, kernelParse, wakeInterval, zeroCopy } = options;
  const refuse = (what: string) => {
    throw new MembenchError('ERR_MEMBENCH_USAGE', what);
  };
  if (kernelParse) {
    // No other source does it, so that the best one that works is not looked for.
    if (!isLive(source) || !/^ebpf:/.test(source as string)) refuse('parsing in the kernel is for ebpf:IF');
    if (ebpfBuffer === 'perf')
      refuse('parsing in the kernel needs BPF rings: the perf buffer has packets only');
    if (cgroupOf(attach) !== undefined) refuse('parsing in the kernel is for interfaces, not for cgroups');
    if (ebpfValues === 'copy') refuse('parsing in the kernel leaves values there: they are not copied');
  }
  if (wakeInterval !== undefined && ebpfBuffer === 'perf')
    refuse('the perf buffer wakes workers by bytes: an interval is for BPF rings');
  if (!isLive(source)) {
    if (user !== undefined) refuse('a user to decode is for live sources');
    if (zeroCopy === false) refuse('copying out of kernel rings is for live sources');
  }
  if (isLive(source) && !/^(afpacket|pcap):/.test(source as string)) {
    if (cgroupOf(attach) === undefined) return;
    if (!/^ebpf:(\*|any)$/.test(source as string)) refuse('a cgroup is recorded on all interfaces: ebpf:*');
    if (ebpfBuffer === 'perf') refuse('a cgroup is recorded through BPF rings only');
    return;
  }
  if (attach !== undefined) refuse('a way to attach programs is for ebpf sources');
  if (ebpfValues !== undefined) refuse('leaving out values is for ebpf sources');
  if (wakeInterval !== undefined) refuse('an interval between wake-ups is for ebpf sources');
  if (ebpfBuffer !== undefined) refuse('a choice between ring and perf buffer is for ebpf sources');
}
