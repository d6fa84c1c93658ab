import { analyze, MembenchError, PLAIN, renderReport } from '../index.js';
import { complain } from './complain.js';
import { lacks } from './lacks.js';
import { COLORS, type ColorOption, wantsColor } from './style.js';

/**
 * Runs `membench analyze`. What is good is analysed; what is not is told on stderr. Returns the exit code.
 */
export async function analyzeCommand(
  profiles: string[],
  flags: { json?: boolean; color: ColorOption },
): Promise<number> {
  const analysis = await analyze(profiles);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(analysis)}\n`);
  } else {
    const style = wantsColor(flags.color, process.stdout) ? COLORS : PLAIN;
    process.stdout.write(`${renderReport(analysis, style).join('\n')}\n`);
  }
  const { missing_blocks, damaged_bytes } = analysis.loss;
  // Whether a footer is missing, the report says.
  const what = lacks({ blocks: missing_blocks, damagedBytes: damaged_bytes, footer: true });
  if (what === null) return 0;
  const why = `${profiles.join(', ')}: ${what}; the figures are of what is good`;
  return complain(new MembenchError('ERR_MEMBENCH_PROFILE_READ', why, 'membench verify says more'), false);
}
