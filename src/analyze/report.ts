import type { Analysis } from './analysis.js';
import { keyLines, ttlLines, workingSetLines } from './report/keys.js';
import { latencyLines } from './report/latency.js';
import { PLAIN, type ReportStyle } from './report/lines.js';
import { memoryLines } from './report/memory.js';
import { caveatLines, lossLines, noteLines } from './report/missing.js';
import { connectionLines, sizeLines } from './report/sizes.js';
import { timeLines } from './report/time.js';
import { commandLines, groupLines, workloadLines } from './report/workload.js';

import { SECTIONS, type SectionName } from './sections.js';

export { PLAIN, type ReportStyle } from './report/lines.js';
export { SECTIONS, type SectionName } from './sections.js';

/** What of an analysis is to be told, and how. */
export interface ReportView {
  style: ReportStyle;
  /** Only these sections, with all their lines; null: every one, in short. */
  show: readonly SectionName[] | null;
  /** Keys in each list; null: a few. */
  top: number | null;
  /** Names of keys that are known, by hash. */
  names: ReadonlyMap<string, string>;
}

/** The report as lines of text, of 80 columns at most. */
export function renderReport(analysis: Analysis, view: Partial<ReportView> = {}): string[] {
  const { style = PLAIN, show = null, top = null, names = new Map() } = view;
  const every = show?.includes('time') ?? false;
  const sections: Record<SectionName, () => string[]> = {
    summary: () => workloadLines(analysis, style),
    memory: () => memoryLines(analysis, style),
    commands: () => commandLines(analysis, style),
    split: () => groupLines(analysis, style),
    time: () => timeLines(analysis, style, every),
    keys: () => keyLines(analysis, style, { names, top }),
    'working-set': () => workingSetLines(analysis, style),
    ttl: () => ttlLines(analysis, style),
    sizes: () => sizeLines(analysis, style),
    latency: () => latencyLines(analysis, style),
    connections: () => connectionLines(analysis, style),
    losses: () => lossLines(analysis, style),
  };
  const wanted = SECTIONS.filter((name) => show === null || show.includes(name));
  const told = wanted.map((name) => sections[name]());
  if (show === null || show.includes('losses')) {
    told.push(caveatLines(analysis, style), noteLines(analysis, style));
    if (analysis.hint !== null) told.push([style.warn(analysis.hint)]);
  }
  return told.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}
