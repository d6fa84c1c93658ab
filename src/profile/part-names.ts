import { extname } from 'node:path';

/** Names of the files of a series, each different. */
export class PartNames {
  readonly #pattern: string;
  /** Number of uses of each expanded name. */
  readonly #used = new Map<string, number>();

  /** @param pattern a path, with conversions of strftime(3): %Y %m %d %H %M %S %% */
  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /**
   * The name of a file begun at this time. Where the expanded name was used before, a number is put before
   * the extension.
   */
  next(time: Date): string {
    const name = expand(this.#pattern, time);
    const used = this.#used.get(name) ?? 0;
    this.#used.set(name, used + 1);
    if (used === 0) return name;
    // Every conversion has a fixed width, so a name with a number is longer than any without.
    const extension = extname(name);
    return `${name.slice(0, name.length - extension.length)}-${used}${extension}`;
  }
}

/** Expands conversions, in UTC. Unknown conversions are kept. */
function expand(pattern: string, time: Date): string {
  const [year, month, day, hour, minute, second] = time.toISOString().split(/\D/) as string[];
  const fields: Record<string, string | undefined> = {
    '%Y': year,
    '%m': month,
    '%d': day,
    '%H': hour,
    '%M': minute,
    '%S': second,
    '%%': '%',
  };
  return pattern.replace(/%[YmdHMS%]/g, (conversion) => fields[conversion]!);
}
