import { CLI } from '../root.js';
import { DEVICE, PORT } from './network.js';
import { type Outcome, parseCounts, parseSummary, parseTcpdump } from './said.js';

/** A program that records the server's traffic. */
export interface Recorder {
  name: string;
  /** @param profile path for its recording */
  command(profile: string): string[];
  /** Text on stderr that shows that it captures. */
  ready: string;
  outcome(stdout: string, stderr: string): Outcome | null;
  /** Whether it attaches BPF programs whose time the kernel can measure. */
  usesBpf?: boolean;
}

/** Name for the server without a recorder. */
export const NONE = 'none';

/** tcpdump writes to /dev/null, so that it never waits for a disk. */
const TCPDUMP_FILE = '/dev/null';
const TCPDUMP_BUFFER = 64 * 1024;

/** With a buffer of 64 MiB. `-Z root`, because with another user it would outlive the benchmark. */
export const tcpdump: Recorder = {
  name: 'tcpdump',
  command: () => [
    ...['tcpdump', '-Z', 'root', '-i', DEVICE],
    ...['-B', String(TCPDUMP_BUFFER), '-w', TCPDUMP_FILE, 'port', String(PORT)],
  ],
  ready: 'listening on ',
  outcome: (_, stderr) => parseTcpdump(stderr),
};

/** `membench record` of a source, with options. */
export function membench(name: string, source: string, ...options: string[]): Recorder {
  return {
    name,
    command: (profile) => [
      ...[process.execPath, CLI, 'record', '--json', '--force', '-p', String(PORT)],
      ...[...options, `${source}:${DEVICE}`, profile],
    ],
    ready: 'recording ',
    outcome: (stdout) => parseSummary(stdout),
    usesBpf: source === 'ebpf',
  };
}

/** Counts in the kernel, and records nothing. */
const count: Recorder = {
  name: 'count',
  command: () => [process.execPath, CLI, 'count', '--json', '-p', String(PORT), `ebpf:${DEVICE}`],
  ready: 'counting on ',
  outcome: (stdout) => parseCounts(stdout),
  usesBpf: true,
};

/** The contestants of the comparison, with their default options. */
export const RECORDERS: readonly Recorder[] = [
  tcpdump,
  membench('pcap', 'pcap'),
  membench('afpacket', 'afpacket'),
  membench('ebpf', 'ebpf'),
  membench('ebpf-copy', 'ebpf', '--no-zero-copy'),
  membench('ebpf-perf', 'ebpf', '--ebpf-buffer', 'perf'),
  count,
];

export const NAMES: readonly string[] = [NONE, ...RECORDERS.map(({ name }) => name)];

/** The contestants whose highest load is searched, all with a buffer of 64 MiB. */
export const SAME_BUFFER: readonly Recorder[] = [
  tcpdump,
  membench('afpacket', 'afpacket', '-B', '64M'),
  membench('ebpf', 'ebpf', '-B', '64M'),
];

/** The ways of looking at a live server, for the table of the README. */
export const MODES: readonly Recorder[] = [
  tcpdump,
  membench('pcap', 'pcap'),
  membench('afpacket', 'afpacket'),
  membench('ebpf-packets', 'ebpf', '--ebpf-values', 'copy'),
  membench('ebpf-perf', 'ebpf', '--ebpf-values', 'copy', '--ebpf-buffer', 'perf'),
  membench('ebpf', 'ebpf'),
  membench('kernel-parse', 'ebpf', '--kernel-parse'),
  count,
];
