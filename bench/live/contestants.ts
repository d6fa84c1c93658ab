import { CLI } from '../root.js';
import { DEVICE, PORT } from './network.js';
import { type Outcome, parseSummary, parseTcpdump } from './said.js';

/** A program that records what the server is asked. */
export interface Recorder {
  name: string;
  /** @param profile where to write what it records */
  command(profile: string): string[];
  /** What it says on stderr when it takes packets. */
  ready: string;
  outcome(stdout: string, stderr: string): Outcome | null;
}

/** The name of the server without anyone beside it. */
export const NONE = 'none';

/** No file: so tcpdump never waits for a disk. */
const TCPDUMP_FILE = '/dev/null';
const TCPDUMP_BUFFER = 64 * 1024;

/**
 * With 64 MiB between kernel and program. `-Z root`: changing its user would let it outlive the benchmark.
 */
export const tcpdump: Recorder = {
  name: 'tcpdump',
  command: () => [
    ...['tcpdump', '-Z', 'root', '-i', DEVICE],
    ...['-B', String(TCPDUMP_BUFFER), '-w', TCPDUMP_FILE, 'port', String(PORT)],
  ],
  ready: 'listening on ',
  outcome: (_, stderr) => parseTcpdump(stderr),
};

function membench(name: string, source: string, ...options: string[]): Recorder {
  return {
    name,
    command: (profile) => [
      ...[process.execPath, CLI, 'record', '--json', '--force', '-p', String(PORT)],
      ...[...options, `${source}:${DEVICE}`, profile],
    ],
    ready: 'recording ',
    outcome: (stdout) => parseSummary(stdout),
  };
}

/** Those of the comparison, as they are started without further thought. */
export const RECORDERS: readonly Recorder[] = [
  tcpdump,
  membench('pcap', 'pcap'),
  membench('afpacket', 'afpacket'),
  membench('ebpf', 'ebpf'),
  membench('ebpf-copy', 'ebpf', '--no-zero-copy'),
];

export const NAMES: readonly string[] = [NONE, ...RECORDERS.map(({ name }) => name)];

/** Those whose highest load is looked for: all with a buffer of 64 MiB. */
export const SAME_BUFFER: readonly Recorder[] = [
  tcpdump,
  membench('afpacket', 'afpacket', '-B', '64M'),
  membench('ebpf', 'ebpf', '-B', '64M'),
];
