import { format, verifyProfile } from '../index.js';
import { EXIT_FAILURE, oneLine } from './complain.js';

/** Most problems printed one by one. */
const SHOWN = 20;

/** Runs `membench verify`. Returns the exit code. */
export async function verifyCommand(path: string): Promise<number> {
  const { perfect, blocks, events, footer, problems } = verifyProfile(path);
  const lines = [
    `${oneLine(path)}: ${format.count(blocks.good)} blocks good, ${format.count(blocks.bad)} bad, ${format.count(blocks.missing.length)} missing; ${format.count(events)} events; footer ${footer ? 'present' : 'missing'}`,
    ...problems.slice(0, SHOWN).map((problem) => `  ${oneLine(problem)}`),
  ];
  if (problems.length > SHOWN) lines.push(`  and ${format.count(problems.length - SHOWN)} more`);
  lines.push(perfect ? 'perfect' : 'not perfect');
  process.stdout.write(`${lines.join('\n')}\n`);
  return perfect ? 0 : EXIT_FAILURE;
}
