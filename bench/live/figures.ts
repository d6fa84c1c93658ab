import type { Figure } from '../offline/figures.js';
import { cpuPerPacket, type Rounds, spreadOver, throughputRatio } from './comparison.js';
import { NONE } from './contestants.js';
import { highestWithoutLoss, neverLost, type Step } from './limit.js';
import type { Run } from './run.js';

const EBPF = 'ebpf';
const TCPDUMP = 'tcpdump';
const MIB = 2 ** 20;

/** The figures of the comparison. */
export function comparisonFigures(rounds: Rounds): Figure[] {
  return [
    {
      id: 'P6',
      meaning: 'server throughput kept beside ebpf',
      value: throughputRatio(rounds, EBPF, NONE)?.median ?? null,
      unit: '×',
      least: 0.93,
    },
    {
      id: 'P6',
      meaning: 'the same beside tcpdump -w /dev/null',
      value: throughputRatio(rounds, TCPDUMP, NONE)?.median ?? null,
      unit: '×',
    },
    {
      id: 'P6',
      meaning: 'server throughput beside ebpf ÷ beside tcpdump',
      value: throughputRatio(rounds, EBPF, TCPDUMP)?.median ?? null,
      unit: '×',
      least: 1,
    },
    {
      id: 'P7',
      meaning: 'CPU of all processes of ebpf for a captured packet',
      value: spreadOver(rounds.get(EBPF) ?? [], cpuPerPacket)?.median ?? null,
      unit: 'µs',
      most: 0.25,
    },
  ];
}

/** The time of the BPF programs. */
export function programFigures({ recorded }: Run): Figure[] {
  const { programs, captured } = recorded!;
  return [
    {
      id: 'P7',
      meaning: 'kernel time of the BPF programs for a run of one (measured by the kernel, which costs too)',
      value: programs?.runs ? programs.time / programs.runs / 1000 : null,
      unit: 'µs',
    },
    {
      id: 'P7',
      meaning: 'the same for a captured packet',
      value: programs?.runs && captured ? programs.time / captured / 1000 : null,
      unit: 'µs',
    },
  ];
}

export function memoryFigure(name: string, { load, recorded }: Run): Figure {
  const packets = (load.packets / 1e6).toFixed(2);
  return {
    id: '',
    meaning: `peak memory of all processes of ${name}, after ${packets} M packets`,
    value: recorded!.peak / MIB,
    unit: 'MiB',
  };
}

/** Empty where the recorder does not report it. */
export function lagFigures(name: string, { load, recorded }: Run): Figure[] {
  const lag = recorded!.lag;
  if (lag === null) return [];
  const rate = Math.round(load.packetRate / 1000);
  return (['p50', 'p99', 'max'] as const).map((which) => ({
    id: 'P8',
    meaning: `wire to event by ${name}, ${which}, at ${rate} k packets/s`,
    value: lag[which] / 1000,
    unit: 'µs',
  }));
}

/** @param seconds duration of a load */
export function limitFigures(steps: readonly Step[], names: readonly string[], seconds: number): Figure[] {
  return names.map((name) => ({
    id: 'P9',
    meaning: `highest load of ${seconds} s without loss by ${name}, buffer of 64 MiB${neverLost(steps, name) ? ' (all the generator can)' : ''}`,
    value: highestWithoutLoss(steps, name),
    unit: 'packets/s',
  }));
}
