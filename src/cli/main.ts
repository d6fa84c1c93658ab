import { Command, CommanderError, Option } from 'commander';
import { EXPORT_FORMATS, REPLAY_PROTOCOLS, SECTIONS, version } from '../index.js';
import { complain, EXIT_USAGE } from './complain.js';
import {
  collect,
  parseAddress,
  parseAttach,
  parseCount,
  parseDuration,
  parseFactor,
  parseLimit,
  parseLoop,
  parseNames,
  parsePercent,
  parsePorts,
  parseSample,
  parseSections,
  parseShare,
  parseSize,
  parseSnaplen,
  parseSweep,
  parseTime,
} from './options.js';
import { guardOutputs } from './outputs.js';

let verbose = false;

/** The command whose arguments commander refused. */
let refusing: string | undefined;

/** Each command is loaded only when it runs, to save start-up time. */
function build(): Command {
  const program = new Command('membench')
    .description(
      'Records what a memcached really does, from its network traffic, into a small anonymous profile.',
    )
    .version(version)
    .showHelpAfterError(false)
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
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
      'SOURCE: a pcap or pcapng file, compressed or not, - for standard input, ebpf:IF, ebpf:*, afpacket:IF, pcap:IF' +
        ' or an interface (any: all of them); with -w several files, read in the order of their packets. PROFILE: the profile to write' +
        ' (membench-YYYYMMDDTHHMMSS.mbp)',
    )
    .option('-r, --read <file>', 'the capture file, instead of SOURCE; several in any order', collect)
    .option('-i, --interface <if>', 'the interface, instead of SOURCE')
    .option('-w, --write <profile>', 'the profile to write, instead of PROFILE')
    .option('-p, --port <list>', 'server ports: numbers and ranges (11211)', parsePorts)
    .option(
      '--workers <n>',
      'worker threads (files: all available cores, live: a quarter of them)',
      parseCount,
    )
    .option(
      '-d, --duration <time>',
      'stop after this time (files: packet time): 10s, 500ms, 2m',
      parseDuration,
    )
    .option('-c, --count <n>', 'stop after this many packets of the server ports', parseCount)
    .option(
      '-B, --buffer <size>',
      'memory between source and workers: 64M; bare numbers are KiB (files 8M, live 32M)',
      parseSize,
    )
    .option(
      '--memory <size>',
      'all memory for packets and the state of connections, -B included: 256M, at most 4G (about 600M)',
      parseSize,
    )
    .option('--sample <1/N>', 'record one in N connections, chosen by their hash', parseSample)
    .option('-s, --snaplen <bytes>', 'bytes of a packet to decode (all, or 0)', parseSnaplen)
    .option(
      '-Z, --user <user>',
      'user who decodes live traffic when started as root (membench if it exists, else nobody)',
    )
    .option('--attach <how>', 'attach eBPF programs only this way: tcx, clsact, or cgroup:PATH', parseAttach)
    .addOption(
      new Option('--ebpf-values <how>', 'leave values in the kernel, or copy whole packets (skip)').choices([
        'skip',
        'copy',
      ]),
    )
    .addOption(
      new Option(
        '--ebpf-buffer <kind>',
        'hand packets over in BPF rings, or in the perf buffer (ring)',
      ).choices(['ring', 'perf']),
    )
    .option(
      '--wake-interval <time>',
      'shortest time between two wake-ups of a worker (ebpf: 2ms): shorter is sooner, and costs more',
      parseDuration,
    )
    .option(
      '--kernel-parse',
      'parse in the kernel where that can be, so that keys and values stay there (ebpf:IF)',
    )
    .option('--no-zero-copy', 'copy out of kernel rings instead of reading them in place')
    .option(
      '--key-file <file>',
      'file with the secret for hashes of keys: 32 hex digits or 16 bytes, mode 0600',
    )
    .option('-C, --rotate-size <size>', 'begin the next file before one exceeds this size: 100M', parseSize)
    .option(
      '-G, --rotate-time <time>',
      'begin the next file after this time: 1h; PROFILE may contain %Y%m%d-%H%M%S',
      parseDuration,
    )
    .option('-W, --files <n>', 'keep this many files of a rotated recording (all)', parseCount)
    .addOption(
      new Option('--fsync <when>', 'when to flush the profile to the disk (never)').choices([
        'never',
        'interval',
        'block',
      ]),
    )
    .option('--max-drop <percent>', 'exit with 3 if more packets than this are lost', parsePercent)
    .option('--force', 'replace an existing profile')
    .option('--json', 'print the summary as JSON on stdout')
    .option('-q, --quiet', 'print only warnings and errors')
    .option('-v, --verbose', 'print more; errors with their stack')
    .option('--no-progress', 'no progress line')
    .addOption(colorOption())
    .action(async (paths, options) => {
      const { recordCommand } = await import('./record.js');
      process.exitCode = await recordCommand(paths, options);
    });

  program
    .command('analyze')
    .description('describe the workload in one or more profiles')
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
      'events from this time on: 2026-01-31T12:00:00Z, Unix seconds, or +10s after the first',
      parseTime,
    )
    .option('--to <time>', 'events before this time', parseTime)
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
    .option('--html <file>', 'write all of it as one page with charts, which needs no network')
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
    .command('export')
    .description('write the events of profiles in a format of research tools, notebooks and warehouses')
    .argument('<profile...>', 'profiles; the events of several are merged by time')
    .addOption(
      new Option('--format <format>', 'what to write (docs/export.md tells about each)')
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .option(
      '-o, --output <file>',
      'the file to write, with FILE.json beside it, which tells what was lost, mapped or left out; - is standard output' +
        ' (csv, ndjson, twitter, cachelib)',
    )
    .option(
      '--from <time>',
      'requests from this time on: 2026-01-31T12:00:00Z, Unix seconds, or +10s after the first',
      parseTime,
    )
    .option('--to <time>', 'requests before this time', parseTime)
    .option('--op <list>', 'these commands only: get,set (all)', parseNames)
    .option('--sample <1/N>', 'one of N connections, whole ones, chosen by a hash (all)', parseSample)
    .option('--force', 'replace existing files')
    .option('--json', 'print the summary, as in FILE.json, on stdout')
    .option('-q, --quiet', 'say nothing but warnings and errors')
    .option('-v, --verbose', 'errors with their stack')
    .option('--no-progress', 'no progress line')
    .addOption(colorOption())
    .action(async (profiles, options) => {
      const { exportCommand } = await import('./export.js');
      process.exitCode = await exportCommand(profiles, options);
    });

  program
    .command('replay')
    .description(
      'send the recorded requests to a server again, and hold its answers against the recorded ones',
    )
    .argument('<profile...>', 'profiles; the requests of several are merged by time')
    .requiredOption(
      '-s, --server <host:port>',
      'the server; there is no default. Given twice, both get the same requests, and are compared',
      collect,
    )
    .option('--speed <factor>', 'times as recorded, so many times as fast: 2, 0.5 (1)', parseFactor)
    .option('--rate <n>', 'requests a second, evenly spaced, in the recorded order', parseFactor)
    .option('--asap', 'as fast as the server answers, with as many requests under way as were recorded')
    .option(
      '--sweep <a:b:step>',
      'measure latency and rate at several speeds, from a to b: 0.5:3:0.25',
      parseSweep,
    )
    .option('--html <file>', 'write the plot of a sweep, latency against rate, as a page')
    .option('--search <p99:1ms>', 'find the highest speed at which the latency stays within this', parseLimit)
    .option('--seed <n>', 'what random choices begin with, to repeat a sweep or a comparison', parseCount)
    .option('--max-rate <n>', 'no more requests a second than this', parseFactor)
    .addOption(new Option('--protocol <name>', 'protocol to send (as-recorded)').choices(REPLAY_PROTOCOLS))
    .addOption(
      new Option(
        '--miss <what>',
        'after a miss: what was recorded, or a set of the known size (as-recorded)',
      ).choices(['as-recorded', 'fill']),
    )
    .option('--warm', 'first load the items that were there before the recording, as far as it shows')
    .option('--verify', 'check the bytes of values that come back')
    .option('-c, --clients <n>', 'fold the recorded connections onto so many', parseCount)
    .option('-t, --threads <n>', 'threads that send (a quarter of the processors)', parseCount)
    .option('--sample <1/N>', 'one of N connections, whole ones, chosen by a hash (all)', parseSample)
    .option('--loop <how>', 'go through the profiles once, times:N or infinite (once)', parseLoop)
    .option('-n, --requests <n>', 'stop after this many requests', parseCount)
    .option('-d, --duration <time>', 'stop after this time: 10s, 500ms, 2m', parseDuration)
    .option('--compressible <share>', 'share of a value that compresses away: 0.5 (0)', parseShare)
    .option('--timeout <time>', 'wait so long for a connection or an answer (5s)', parseDuration)
    .option(
      '--max-errors <percent>',
      'stop where more commands of a second fail; 100 never stops (10)',
      (text) => parsePercent(text) / 100,
    )
    .option('--tls', 'connect with TLS')
    .option('--ca <file>', 'certificates of authorities, PEM (those of Node)')
    .option('--auth-file <file>', 'a login for the server: one line USER:PASSWORD, mode 0600')
    .option('--hdr-file-prefix <prefix>', 'write latencies as HdrHistogram does: PREFIX.hgrm, PREFIX.hlog')
    .option('--yes', 'write to a server on another machine that already holds items')
    .option('--json', 'print the summary as JSON on stdout')
    .option('--json-out-file <file>', 'write the summary as JSON into a file')
    .option('-q, --quiet', 'print only warnings and errors')
    .option('-v, --verbose', 'errors with their stack')
    .option('--no-progress', 'no progress line')
    .addOption(colorOption())
    .action(async (profiles, options) => {
      const { replayCommand } = await import('./replay-modes.js');
      process.exitCode = await replayCommand(profiles, options);
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
    .command('count')
    .description('count requests and answers in the kernel, without a profile; needs eBPF')
    .usage('[options] ebpf:IF')
    .argument('<source>', 'ebpf:IF, the interface')
    .option('--interval <time>', 'time between two reports: 1s, 500ms (1s)', parseDuration)
    .option('-d, --duration <time>', 'stop after this time: 10s, 2m', parseDuration)
    .option('-p, --port <list>', 'server ports: numbers and ranges (11211)', parsePorts)
    .option(
      '--key-sample <1/N>',
      'also follow one in N keys, by hash: the busiest, and the hit ratio by memory',
      parseSample,
    )
    .option('--key-file <file>', 'file with the secret for hashes of keys, as for record')
    .addOption(new Option('--attach <how>', 'attach the program only this way').choices(['tcx', 'clsact']))
    .option(
      '--metrics <[host:]port>',
      'serve the totals to Prometheus at /metrics (on 127.0.0.1 where no host is named)',
      parseAddress,
    )
    .option('--json', 'print one JSON object an interval')
    .option('-v, --verbose', 'errors with their stack')
    .addOption(colorOption())
    .action(async (source, options) => {
      const { countCommand } = await import('./count.js');
      process.exitCode = await countCommand(source, options);
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
      'tell which sources work here, and what the others lack; exit code 1 if no live source works',
    )
    .option('--json', 'print the diagnosis as JSON')
    .option('-v, --verbose', 'errors with their stack')
    .addOption(colorOption())
    .action(async (options) => {
      const { doctorCommand } = await import('./doctor.js');
      process.exitCode = await doctorCommand(options);
    });

  for (const command of program.commands) {
    command
      .exitOverride((error) => {
        refusing = command.name();
        throw error;
      })
      .configureOutput({ writeErr() {}, outputError() {} });
  }
  return program;
}

function colorOption(): Option {
  return new Option('--color <when>', 'colour: auto, always or never')
    .choices(['auto', 'always', 'never'])
    .default('auto');
}

/** Runs the command line and prints all errors. */
async function main(): Promise<void> {
  const program = build();
  try {
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
      // commander throws after printing help or version, which is not an error.
      const { misuse } = await import('./misuse.js');
      process.exitCode = complain(misuse(error, refusing, program), false);
    }
  }
}

guardOutputs();
void main();
