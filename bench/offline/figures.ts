import type { Results } from '../measure/interleave.js';
import { ratioOf } from '../measure/statistics.js';
import { NAMES } from './contestants.js';

/** A figure: its meaning, target and measured value. */
export interface Figure {
  id: string;
  meaning: string;
  /** Measured value; null where it could not be measured here. */
  value: number | null;
  unit: string;
  most?: number;
  least?: number;
}

/** Whether the target is reached; null where it is unknown, or there is no target. */
export function isMet({ value, most, least }: Figure): boolean | null {
  if (value === null || (most === undefined && least === undefined)) return null;
  return value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? Number.NEGATIVE_INFINITY);
}

/**
 * The figures of the comparison. @param packets numbers of packets of the capture, and of the part that
 * tshark reads
 */
export function comparisonFigures(results: Results, packets: { capture: number; cut: number }): Figure[] {
  const tshark = ratioOf(results, NAMES.tshark, NAMES.record2);
  return [
    {
      id: 'P1',
      meaning: 'record with 2 workers, whole process ÷ empty libpcap loop in C, wall time',
      value: ratioOf(results, NAMES.record2, NAMES.loop),
      unit: '×',
      most: 1,
    },
    {
      id: 'P2',
      meaning: 'the same ÷ tcpdump -r FILE -w /dev/null, wall time',
      value: ratioOf(results, NAMES.record2, NAMES.tcpdump),
      unit: '×',
      most: 0.6,
    },
    {
      id: 'P3',
      meaning: 'the same ÷ tshark with memcache fields, packets a second',
      value: tshark === null ? null : (tshark * packets.capture) / packets.cut,
      unit: '×',
      least: 100,
    },
    {
      id: 'P5',
      meaning: 'speed-up of 2 workers over 1',
      value: ratioOf(results, NAMES.record1, NAMES.record2),
      unit: '×',
      least: 1.5,
    },
  ];
}
