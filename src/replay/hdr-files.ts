import { writeFileSync } from 'node:fs';
import { Histogram } from '../analyze/histogram.js';
import { fileReason, MembenchError } from '../errors.js';
import { hgrmOf, hlogOf } from './hdr.js';
import { opName, type Tally } from './tally.js';

/**
 * Writes the latencies of a replay: PREFIX.hgrm for all commands together, PREFIX-COMMAND.hgrm for each, and PREFIX.hlog
 * with all of them.
 *
 * @throws ERR_MEMBENCH_FILE_WRITE
 */
export function writeHdrFiles(prefix: string, tally: Tally): void {
  const total = new Histogram();
  const ops: [string, Histogram][] = [];
  for (const [index, figures] of tally.ops.entries()) {
    if (figures === undefined || figures.latency.total === 0) continue;
    total.merge(figures.latency);
    ops.push([opName(index), figures.latency]);
  }
  write(`${prefix}.hgrm`, hgrmOf(total));
  for (const [name, histogram] of ops) write(`${prefix}-${name}.hgrm`, hgrmOf(histogram));
  const times = { startMs: tally.firstMs, endMs: tally.lastMs };
  write(`${prefix}.hlog`, hlogOf([['all', total], ...ops], times));
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const [why, hint] = fileReason(error);
    throw new MembenchError('ERR_MEMBENCH_FILE_WRITE', `${path}: ${why}`, hint, error);
  }
}
