#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { SECTIONS, version } from '../index.js';
import { complain, EXIT_USAGE } from './complain.js';
import {
  collect,
  parseCount,
  parseDuration,
  parseMoment,
  parseNames,
  parsePercent,
  parsePorts,
  parseSample,
  parseSections,
  parseSize,
} from './options.js';
import { guardOutputs } from './outputs.js';

let verbose = false;

/** Each command is loaded only when it runs: what it does not need must not cost start-up time. */
function build(): Command {
  const program = new Command('membench')
    .description('Records what a memcached really does, from the wire, into a small anonymous profile.')
    .version(version)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr() {}, outputError() {} })
    .hook('preAction', (_program, command) => {
      verbose = command.opts().verbose === true;
    });

  program
    .command('record')
    .description('record a capture file or live traffic into a profile')
    .usage('[options] SOURCE [PROFILE]')
    .argument(
      '[paths...]',
      'SOURCE: a pcap or pcapng file, packed or not, - for standard input, ebpf:IF, ebpf:*, afpacket:IF, pcap:IF' +
        ' or an interface (any: all of them); with -w several files, taken in the order of their packets. PROFILE: the profile to write' +
        ' (membench-YYYYMMDDTHHMMSS.mbp)',
    )
    .option('-r, --read <file>', 'the capture file, instead of SOURCE; several in any order', collect)
    .option('-i, --interface <if>', 'the interface, instead of SOURCE')
    .option('-w, --write <profile>', 'the profile to write, instead of PROFILE')
    .option('-p, --port <list>', 'server ports: numbers and ranges (11211)', parsePorts)
    .option(
      '--workers <n>',
      'worker threads (files: the cores available, live: one for every four)',
      parseCount,
    )
    .option(
      '-d, --duration <time>',
      'stop after so much time (files: packet time): 10s, 500ms, 2m',
      parseDuration,
    )
    .option('-c, --count <n>', 'stop after so many packets of the server ports', parseCount)
    .option(
      '-B, --buffer <size>',
      'memory between source and workers: 64M; bare numbers are KiB (files 4M, live 32M)',
      parseSize,
    )
    .option(
      '--memory <size>',
      'all memory for packets and what is known of connections, -B included: 256M, at most 4G (about 600M)',
      parseSize,
    )
    .option('--sample <1/N>', 'record one of N connections, whole ones, chosen by their hash', parseSample)
    .option('-s, --snaplen <bytes>', 'bytes of a packet to look at (all)', parseCount)
    .option(
      '-Z, --user <user>',
      'who decodes live traffic when started as root (membench if there is such a user, else nobody)',
    )
    .addOption(new Option('--attach <how>', 'attach eBPF programs this way only').choices(['tcx', 'clsact']))
    .option('--no-zero-copy', 'copy out of kernel rings instead of reading them in place')
    .option('--key-file <file>', 'secret to hash keys with: 32 hex digits or 16 bytes, mode 0600')
    .option('-C, --rotate-size <size>', 'begin another file before one is larger: 100M', parseSize)
    .option(
      '-G, --rotate-time <time>',
      'begin another file after so long: 1h; PROFILE may hold %Y%m%d-%H%M%S',
      parseDuration,
    )
    .option('-W, --files <n>', 'keep so many files of a rotated recording (all)', parseCount)
    .addOption(
      new Option('--fsync <when>', 'bring what is written to the disk').choices([
        'never',
        'interval',
        'block',
      ]),
    )
    .option('--max-drop <percent>', 'exit 3 where more packets than this are lost', parsePercent)
    .option('--force', 'replace an existing profile')
    .option('--json', 'print the summary as JSON on stdout')
    .option('-q, --quiet', 'say nothing but warnings and errors')
    .option('-v, --verbose', 'say more; errors with their stack')
    .option('--no-progress', 'no progress line')
    .addOption(colorOption())
    .action(async (paths, options) => {
      const { recordCommand } = await import('./record.js');
      process.exitCode = await recordCommand(paths, options);
    });

  program
    .command('analyze')
    .description('say what the workload in profiles is')
    .argument('<profile...>', 'profiles; several are added up')
    .addOption(
      new Option('--show <sections>', `only these sections, in full: ${SECTIONS.join(',')}`).argParser(
        parseSections,
      ),
    )
    .option('--top <n>', 'keys in each list of the busiest', parseCount)
    .option('--interval <time>', 'length of an interval of the figures over time: 1s, 500ms', parseDuration)
    .option(
      '--from <time>',
      'only events from then on: 10s after the first, or 2026-01-31T10:00:00Z',
      parseMoment,
    )
    .option('--to <time>', 'only events before then', parseMoment)
    .option('--op <list>', 'only these commands: get,set', parseNames)
    .addOption(
      new Option('--by <what>', 'split by server, client (its address and port, hashed) or port').choices([
        'server',
        'client',
        'port',
      ]),
    )
    .option('--memory <size>', 'memory the server has, for what half and double would do: 1G', parseSize)
    .option(
      '--memcached <options>',
      'simulate memcached itself, with its own options: "-m 1024 -f 1.08 -I 2m"',
    )
    .option('--compare', 'say what changed beyond noise from the first of two profiles to the second')
    .option(
      '--trace <file>',
      'write the slowest 1,000 requests with their neighbours, for chrome://tracing or Perfetto',
    )
    .option('--keys <file>', 'names of keys to show, as membench key prints them: HASH<tab>KEY')
    .option('--json', 'print the analysis as JSON')
    .option('-v, --verbose', 'errors with their stack')
    .option('--no-progress', 'no progress line')
    .addOption(colorOption())
    .action(async (profiles, options) => {
      const { analyzeCommand } = await import('./analyze.js');
      process.exitCode = await analyzeCommand(profiles, options);
    });

  program
    .command('key')
    .description('print what keys are called in profiles recorded with a key file: HASH<tab>KEY, one a line')
    .argument('[keys...]', 'keys; without any, one a line from standard input')
    .requiredOption('--key-file <file>', 'the secret the profile was recorded with')
    .option('-v, --verbose', 'errors with their stack')
    .action(async (keys, options) => {
      const { keyCommand } = await import('./key.js');
      process.exitCode = await keyCommand(keys, options.keyFile);
    });

  program
    .command('cat')
    .description('print every event, one JSON object a line, in order of request time')
    .argument('<profile>')
    .option('-v, --verbose', 'errors with their stack')
    .action(async (profile) => {
      const { catCommand } = await import('./cat.js');
      process.exitCode = await catCommand(profile);
    });

  program
    .command('verify')
    .description('check a profile: exit code 0 only if it is perfect')
    .argument('<profile>')
    .option('-v, --verbose', 'errors with their stack')
    .action(async (profile) => {
      const { verifyCommand } = await import('./verify.js');
      process.exitCode = await verifyCommand(profile);
    });

  program
    .command('doctor')
    .description(
      'say which sources work here, and what is missing for the others; exit code 1 if no live one does',
    )
    .option('--json', 'print the diagnosis as JSON')
    .option('-v, --verbose', 'errors with their stack')
    .addOption(colorOption())
    .action(async (options) => {
      const { doctorCommand } = await import('./doctor.js');
      process.exitCode = await doctorCommand(options);
    });

  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr() {}, outputError() {} });
  return program;
}

function colorOption(): Option {
  return new Option('--color <when>', 'colour: auto, always or never')
    .choices(['auto', 'always', 'never'])
    .default('auto');
}

/** Everything that goes wrong is told here, so that nothing is thrown. */
async function main(): Promise<void> {
  try {
    const program = build();
    if (process.argv.length <= 2) {
      process.stderr.write(program.helpInformation());
      process.exitCode = EXIT_USAGE;
    } else {
      await program.parseAsync();
    }
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      process.exitCode = complain(error, verbose);
    } else if (error.exitCode !== 0) {
      // Help and version were printed and are no errors.
      const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
      const usage = { code: 'ERR_MEMBENCH_USAGE', hint: 'membench --help' };
      process.exitCode = complain(Object.assign(new Error(message), usage), false);
    }
  }
}

guardOutputs();
void main();
