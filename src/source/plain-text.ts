/**
 * What another process says, made fit to be shown: one line, with nothing in it that steers a terminal or
 * turns the direction of writing.
 *
 * @param most characters of it that are kept
 */
export function plainText(text: string, most: number): string {
  return text.slice(0, most).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ');
}
