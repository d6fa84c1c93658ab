import { hashText } from './event/values.js';
import { readSecret } from './secret/secret.js';
import { sipHash } from './secret/siphash.js';

/**
 * What keys are called in profiles recorded with a key file: 16 hex digits each.
 *
 * @throws ERR_MEMBENCH_KEY_FILE
 */
export function hashKeys(keyFile: string, keys: readonly (string | Uint8Array)[]): string[] {
  const { key } = readSecret(keyFile);
  return keys.map((one) => {
    const bytes = typeof one === 'string' ? new TextEncoder().encode(one) : one;
    return hashText(sipHash(key, bytes));
  });
}
