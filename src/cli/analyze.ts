import { analyze, PLAIN, renderReport } from '../index.js';
import { COLORS, type ColorOption, wantsColor } from './style.js';

/** Runs `membench analyze`. */
export async function analyzeCommand(
  profiles: string[],
  flags: { json?: boolean; color: ColorOption },
): Promise<void> {
  const analysis = await analyze(profiles);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(analysis)}\n`);
    return;
  }
  const style = wantsColor(flags.color, process.stdout) ? COLORS : PLAIN;
  process.stdout.write(`${renderReport(analysis, style).join('\n')}\n`);
}
