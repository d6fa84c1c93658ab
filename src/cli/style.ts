import type { ReportStyle } from '../index.js';

export type ColorOption = 'auto' | 'always' | 'never';

/**
 * Whether to use colours on a stream: as requested, by default on a terminal without NO_COLOR (no-color.org).
 */
export function wantsColor(option: ColorOption, stream: NodeJS.WriteStream): boolean {
  if (option !== 'auto') return option === 'always';
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

const sgr = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

/** Bold titles, dim heads, yellow warnings (ECMA-48 SGR). */
export const COLORS: ReportStyle = { title: sgr(1, 22), dim: sgr(2, 22), warn: sgr(33, 39) };
