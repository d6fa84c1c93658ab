/** The page with figures written into it, so that it shows them wherever it is opened. */
import { readFileSync } from 'node:fs';
import type { Analysis } from './analyze/analysis.js';
import type { Comparison } from './analyze/compare.js';
import { MembenchError } from './errors.js';

/** What the page shows. It holds figures only, never an event. */
export type PageData =
  | { kind: 'analysis'; names: readonly string[]; analysis: Analysis }
  | {
      kind: 'comparison';
      names: readonly [a: string, b: string];
      comparison: Comparison;
      analyses: readonly [a: Analysis, b: Analysis];
    };

/** Where the page expects its data. Browsers do not execute it, so its policy need not allow it. */
const PLACE = '<script id="data" type="application/json">';

/**
 * A self-contained HTML document.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where the page is not part of this installation
 */
export function pageWith(data: PageData): string {
  const path = new URL('./page/membench.html', import.meta.url);
  let page: string;
  try {
    page = readFileSync(path, 'utf8');
  } catch (error) {
    const why = `the page cannot be read: ${(error as Error).message}`;
    throw new MembenchError('ERR_MEMBENCH_UNSUPPORTED', why, 'npm run build makes it', error);
  }
  // Whatever texts of a profile hold, none of them can end the element.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const [head, rest] = page.split(PLACE) as [string, string];
  return `${head}${PLACE}${json}${rest}`;
}
