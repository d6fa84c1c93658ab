import { extname } from 'node:path';

/** Names of the files of a series: one after another, never the same twice. */
export class PartNames {
  readonly #pattern: string;
  /** How often each expanded name came up. */
  readonly #used = new Map<string, number>();

  /** @param pattern a path, with conversions of strftime(3): %Y %m %d %H %M %S %% */
  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /**
   * The name of a file begun at this moment. Where the conversions give one that was there before, a
   * number goes before the extension.
   */
  next(time: Date): string {
    const name = expand(this.#pattern, time);
    const used = this.#used.get(name) ?? 0;
    this.#used.set(name, used + 1);
    if (used === 0) return name;
    // Every conversion has a fixed width, so this is longer than any name without a number.
    const extension = extname(name);
    return `${name.slice(0, name.length - extension.length)}-${used}${extension}`;
  }
}

/** Puts UTC in the place of the conversions. What is no known conversion stays as it is. */
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
