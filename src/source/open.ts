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
 * Opens a source by its name. An existing path is always a file, whatever its name looks like.
 *
 * @param source a list can have files only
 * @param tell called with the reason why a better source does not work for a bare interface name, and where
 *   files are read in another order than named
 * @param signal ends the wait for a source that sends nothing
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
    // The error of open(2) describes a wrong path best.
    const isName = source !== STDIN && scheme === undefined && !source.includes('/');
    if (isName && !existsSync(source)) throw noSource(source);
    return FileSource.open([pathOf(source)], signal, tell);
  }
  if (rest === '') throw noInterface(source);
  return scheme === undefined ? openBest(source, live, tell) : LIVE_SOURCES[scheme]!(rest!, live);
}
