import type { Analysis } from '../analysis.js';
import { bytes, count } from '../format.js';
import { shown } from './keys.js';
import { type ReportStyle, when, wrap } from './lines.js';

const NOTES_SHOWN = 100;
const NOTE_WIDTH = 50;

export function lossLines(analysis: Analysis, style: ReportStyle): string[] {
  const { loss } = analysis;
  const lines: string[] = [];
  for (const [reason, n] of Object.entries(loss.lost)) lines.push(`lost packets: ${count(n)} (${reason})`);
  if (loss.gaps > 0) lines.push(`gaps in the byte streams: ${count(loss.gaps)}`);
  const reasons = Object.entries(analysis.payload.unsynced).map(([reason, n]) => `${bytes(n)} ${reason}`);
  // Profiles of format 1 do not have the reasons.
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  if (loss.unsynced_bytes > 0) lines.push(`payload not understood: ${bytes(loss.unsynced_bytes)}${why}`);
  if (analysis.payload.missing > 0) lines.push(`payload never captured: ${bytes(analysis.payload.missing)}`);
  for (const [bound, n] of Object.entries(loss.bounds))
    lines.push(`limit reached: ${bound}, ${count(n)} times`);
  if (loss.missing_blocks > 0) lines.push(`blocks missing: ${count(loss.missing_blocks)}`);
  if (loss.damaged_bytes > 0) lines.push(`damaged: ${bytes(loss.damaged_bytes)}`);
  if (!analysis.complete) lines.push('the profile is not complete: blocks or the footer are missing');
  const skipped = Object.entries(loss.skipped).map(([reason, n]) => `${reason} ${count(n)}`);
  const passed = `packets that were not decoded: ${skipped.join(', ')}`;
  return [
    style.title('Losses'),
    ...(lines.length
      ? lines.flatMap((text) => wrap(text, 2, 4)).map((line) => styled(line, style.warn))
      : ['  none']),
    ...(skipped.length ? wrap(passed, 2, 4).map((line) => styled(line, style.dim)) : []),
  ];
}

/** A line with style for its text but not for its indentation. */
function styled(line: string, style: (text: string) => string): string {
  return line.replace(/\S.*/, style);
}

/** How the losses affect the figures. */
export function caveatLines({ caveats }: Analysis, style: ReportStyle): string[] {
  if (caveats.length === 0) return [];
  return [
    style.title('Effects on the figures'),
    ...caveats.flatMap(({ what, means }) => wrap(`${what}: ${means}`, 2, 4)),
  ];
}

/** Notes of the recording, empty where there are none. */
export function noteLines({ notes }: Analysis, style: ReportStyle): string[] {
  if (notes.length === 0) return [];
  const rows = notes
    .slice(0, NOTES_SHOWN)
    .map(({ at_ns, what }) => `  ${when(at_ns)}  ${shown(what, NOTE_WIDTH)}`);
  if (notes.length > NOTES_SHOWN) rows.push(`  and ${count(notes.length - NOTES_SHOWN)} more`);
  return [style.title('While recording'), ...rows];
}
