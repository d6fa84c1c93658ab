/**
 * Makes a text of another process safe to show: one line, without characters that control a terminal or
 * change the direction of writing.
 *
 * @param most characters that are kept
 */
export function plainText(text: string, most: number): string {
  return text.slice(0, most).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ');
}
