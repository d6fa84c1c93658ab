import { cpuPerPacket, type Rounds, spreadOver, throughputRatio } from './comparison.js';
import { NONE } from './contestants.js';
import { isLossless } from './limit.js';
import type { Recorded, Run } from './run.js';

const MIB = 2 ** 20;
const DASH = '–';

/** What the names of contestants stand for. */
const TITLES: Readonly<Record<string, string>> = {
  tcpdump: '`tcpdump -w`',
  pcap: '`record pcap:`',
  afpacket: '`record afpacket:`',
  'ebpf-packets': '`record ebpf: --ebpf-values copy`: whole packets',
  'ebpf-perf': 'the same with `--ebpf-buffer perf`',
  ebpf: '`record ebpf:`: without values, the default',
  'kernel-parse': '`record --kernel-parse ebpf:`',
  count: '`count ebpf:`',
};

const HEAD = [
  'mode',
  'throughput kept',
  'packets/s without loss',
  'lost',
  'CPU a packet, user space',
  'of a core',
  'BPF program a packet',
  'ring bytes a request',
  'wire to event, P50',
  'P99',
  'peak memory',
  'shared parts once',
  'growth',
];

/** A Markdown table of the rounds of every mode. */
export function modeTable(rounds: Rounds, programs: ReadonlyMap<string, Run>): string[] {
  const rows = [...rounds]
    .filter(([name]) => name !== NONE)
    .map(([name, runs]) => [TITLES[name] ?? name, ...cells(rounds, name, runs, programs.get(name))]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

function cells(rounds: Rounds, name: string, runs: readonly Run[], timed: Run | undefined): string[] {
  const median = (of: (run: Run) => number | null, digits: number, unit = '') => {
    const spread = spreadOver(runs, of);
    return spread === null ? DASH : `${spread.median.toFixed(digits)}${unit}`;
  };
  const told = (of: (recorded: Recorded) => number | null) => (run: Run) =>
    run.recorded === null ? null : of(run.recorded);
  const lossless = runs.filter(isLossless).map(({ load }) => load.packetRate);
  const kept = throughputRatio(rounds, name, NONE);
  return [
    kept === null ? DASH : kept.median.toFixed(2),
    lossless.length === 0 ? DASH : `${Math.round(Math.max(...lossless) / 1000)} k`,
    String(runs.reduce((sum, { recorded }) => sum + recorded!.lost, 0)),
    median(cpuPerPacket, 2, ' µs'),
    median(({ load, recorded }) => shareOfCore(load, recorded), 0, ' %'),
    programOf(timed),
    median(({ load, recorded }) => perRequest(load.operations, recorded), 0),
    median(
      told(({ lag }) => lag && lag.p50 / 1000),
      0,
      ' µs',
    ),
    median(
      told(({ lag }) => lag && lag.p99 / 1000),
      0,
      ' µs',
    ),
    median(
      told(({ peak }) => peak / MIB),
      0,
      ' MiB',
    ),
    median(
      told(({ inUse }) => inUse / MIB),
      0,
      ' MiB',
    ),
    median(
      told(({ growth }) => growth / MIB),
      0,
      ' MiB',
    ),
  ];
}

/** CPU time of all its processes, percent of the time the load took. */
function shareOfCore({ operations, rate }: Run['load'], recorded: Recorded | null): number | null {
  return recorded && (100 * recorded.cpu) / 1e9 / (operations / rate);
}

function perRequest(requests: number, recorded: Recorded | null): number | null {
  return recorded?.ringBytes == null ? null : recorded.ringBytes / requests;
}

/** The kernel's own measurement, which adds about 80 ns a run of a program. */
function programOf(timed: Run | undefined): string {
  const { programs, captured } = timed?.recorded ?? {};
  return programs?.runs && captured ? `${(programs.time / captured / 1000).toFixed(2)} µs` : DASH;
}
