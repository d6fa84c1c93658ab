import { existsSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { LIVE_SOURCES, openBest } from './best.js';
import { FileSource } from './file.js';
import type { LiveOptions } from './live.js';
import { noInterface, noSource } from './misnamed.js';
import { isLive, SCHEME, STDIN } from './names.js';
import type { PacketSource } from './source.js';

/** The path of a capture file by its source string. */
function pathOf(source: string): string {
  if (source === STDIN || existsSync(source)) return source;
  const [, scheme, rest] = SCHEME.exec(source) ?? [];
  if (scheme === 'file') return rest!;
  if (scheme === undefined) return source;
  throw new MembenchError('ERR_MEMBENCH_USAGE', `${source}: among several sources only files can be`);
}

/**
 * Opens what a source names. A path that exists is a file, whatever it looks like.
 *
 * @param source several are files
 * @param tell called with why a bare interface name is not captured in a better way, and where files are
 *   taken in another order than they are named in
 * @param signal gives up waiting for a source that says nothing
 * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE, ERR_MEMBENCH_UNSUPPORTED,
 *   ERR_MEMBENCH_USAGE
 */
export async function openSource(
  source: string | readonly string[],
  live: LiveOptions,
  tell: (message: string) => void,
  signal?: AbortSignal,
): Promise<PacketSource> {
  if (typeof source !== 'string') return FileSource.open(source.map(pathOf), signal, tell);
  const [, scheme, rest] = SCHEME.exec(source) ?? [];
  if (!isLive(source)) {
    // Of a path open(2) knows better what is wrong.
    const isName = source !== STDIN && scheme === undefined && !source.includes('/');
    if (isName && !existsSync(source)) throw noSource(source);
    return FileSource.open([pathOf(source)], signal, tell);
  }
  if (rest === '') throw noInterface(source);
  return scheme === undefined ? openBest(source, live, tell) : LIVE_SOURCES[scheme]!(rest!, live);
}
