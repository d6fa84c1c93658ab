/** Messages between the page and its worker. */
import type { Analysis } from '../analyze/analysis.js';
import type { By } from '../analyze/collect/groups.js';

/** Message to the worker: say what the workload in these files is. */
export interface Start {
  /** One capture, or profiles, which are added up. */
  files: readonly File[];
  /** Of captures. */
  ports: [first: number, last: number][];
  /** Bytes the server has; null: not known. */
  memory: number | null;
  by: By;
}

/** Message from the worker, a few times a second and at the end. */
export interface Progress {
  /** How far it is, from 0 to 1, and in words. */
  share: number;
  told: string;
  /** Of what was read so far; null where there is nothing new to show. */
  analysis: Analysis | null;
  /** Whether all of the files was read. */
  read: boolean;
  /** Whether that is all there is to say. */
  done: boolean;
  /** The reason where it ended early; what is before that is analysed. */
  problem: string | null;
}
