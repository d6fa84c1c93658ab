import {
  type Check,
  type Diagnosis,
  doctor,
  PLAIN,
  type ReportStyle,
  type SourceDiagnosis,
} from '../index.js';
import { EXIT_FAILURE } from './complain.js';
import { COLORS, type ColorOption, wantsColor } from './style.js';

/** Runs `membench doctor`. Returns the exit code: 1 where no live source works. */
export async function doctorCommand(flags: { json?: boolean; color: ColorOption }): Promise<number> {
  const diagnosis = await doctor({ giveUpRights: true });
  const code = diagnosis.best === 'file' ? EXIT_FAILURE : 0;
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(diagnosis)}\n`);
    return code;
  }
  const style = wantsColor(flags.color, process.stdout) ? COLORS : PLAIN;
  process.stdout.write(`${renderDiagnosis(diagnosis, style).join('\n')}\n`);
  return code;
}

/** Source arguments of the command line. */
const argument = (source: string) => `${source}:${source === 'file' ? 'PATH' : 'IF'}`;

function renderDiagnosis({ sources, best, counting, decoder }: Diagnosis, style: ReportStyle): string[] {
  const width = Math.max(...sources.flatMap(({ checks }) => checks.map(({ what }) => what.length)));
  const confined = decoder.every(({ ok }) => ok === true);
  return [
    ...sources.flatMap((source) => [...renderSource(source, width, style), '']),
    `${style.title('counting')}     ${counting.every(({ ok }) => ok !== false) ? 'works' : style.warn('does not work')}`,
    `  ${style.dim('membench count ebpf:IF, which counts in the kernel; its program was loaded to see')}`,
    ...renderChecks(counting, width, style),
    '',
    `${style.title('decoding')}     ${confined ? 'confined' : style.warn('less confined than it could be')}`,
    `  ${style.dim('the process that reads live packets; one was started to see')}`,
    ...renderChecks(decoder, width, style),
    '',
    best === 'file' ? 'no live source works here' : `best for live traffic here: ${argument(best)}`,
  ];
}

function renderSource(source: SourceDiagnosis, width: number, style: ReportStyle): string[] {
  const { works, note, checks } = source;
  return [
    `${style.title(argument(source.source).padEnd(11))}  ${works ? 'works' : style.warn('does not work')}`,
    `  ${style.dim(note)}`,
    ...renderChecks(checks, width, style),
  ];
}

function renderChecks(checks: readonly Check[], width: number, style: ReportStyle): string[] {
  const rows = checks.map(({ what, ok, found }) => {
    const mark = ok === null ? '?  ' : ok ? 'ok ' : 'no ';
    const row = `  ${mark}  ${what.padEnd(width)}  ${found}`;
    return ok === false ? style.warn(row) : row;
  });
  // Several checks may have the same fix.
  const fixes = new Set(checks.flatMap(({ fix }) => fix ?? []));
  return [...rows, ...[...fixes].map((fix) => `  to do: ${fix}`)];
}
