import type { Failure } from '../tally.js';

/** The kind of failure an error line tells of; null where the line is none (doc/protocol.txt, "Error strings"). */
export function failureOf(line: string): Failure | null {
  if (line.startsWith('SERVER_ERROR')) {
    if (/too large/i.test(line)) return 'too_large';
    return /out of memory/i.test(line) ? 'out_of_memory' : 'server_error';
  }
  if (line.startsWith('CLIENT_ERROR')) return 'client_error';
  return /^ERROR(?![A-Z_])/i.test(line) ? 'error' : null;
}
