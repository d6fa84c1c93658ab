/** What a wrong command line most likely meant. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Command, CommanderError } from 'commander';
import { MembenchError } from '../index.js';

/** Options of tcpdump that change what it prints or how it writes: habits that `record` has no need of. */
const OF_TCPDUMP = /^-(n+|v{2,}|t+|x+|X+|A|e|l|O|S|U)$/;

/**
 * The error for a command line that commander refused.
 *
 * @param name the command it stopped in; undefined where it did not come to one
 */
export function misuse(error: CommanderError, name: string | undefined, program: Command): MembenchError {
  const said = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const word = /'(.+?)'/.exec(said)?.[1] ?? '';
  const help = name === undefined ? 'membench --help' : `membench ${name} --help`;
  if (error.code === 'commander.unknownOption') return usage(said, optionHint(word, name, program) ?? help);
  if (error.code === 'commander.unknownCommand') {
    const hint = commandHint(word);
    return hint === undefined ? usage(said, help) : usage(`unknown command '${word}'`, hint);
  }
  // `membench help NAME` shows the usage instead of an error.
  if (error.code === 'commander.help') return usage(`unknown command '${process.argv.at(-1)}'`, help);
  return usage(said, help);
}

function usage(what: string, hint: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, hint);
}

function optionHint(flag: string, name: string | undefined, program: Command): string | undefined {
  if (name === undefined) {
    const record = program.commands.find((command) => command.name() === 'record')!;
    return record.options.some(({ short, long }) => flag === short || flag === long)
      ? `it is an option of a command: membench record ${flag} …`
      : undefined;
  }
  if (name !== 'record') return undefined;
  if (flag === '-o' || flag === '--output' || flag === '--out') return '-w names the profile';
  return OF_TCPDUMP.test(flag) ? 'tcpdump has it, and record has no need of it' : undefined;
}

function commandHint(word: string): string | undefined {
  if (word === 'version') return 'membench --version';
  if (word.endsWith('.mbp')) return `membench analyze ${word}`;
  return existsSync(word) || word in networkInterfaces() ? `membench record ${word}` : undefined;
}
