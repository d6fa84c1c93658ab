import { createRequire } from 'node:module';
import { MembenchError } from '../errors.js';

type Koffi = typeof import('koffi').default;

let loaded: Promise<Koffi> | undefined;
/** Path of koffi's addon, once it is loaded. */
let addon: string | undefined;

/**
 * Loads koffi, the foreign function interface, at the first call: it is an optional dependency, needed by
 * live sources only.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where it is not installed, or not for this platform
 */
export function loadKoffi(): Promise<Koffi> {
  loaded ??= import('koffi').then(
    ({ default: koffi }) => {
      const modules = Object.values(createRequire(import.meta.url).cache);
      const native = modules.find((one) => one?.exports === koffi && one.filename.endsWith('.node'));
      addon = native?.filename;
      return koffi;
    },
    (error: Error) => {
      throw new MembenchError(
        'ERR_MEMBENCH_UNSUPPORTED',
        `koffi cannot be loaded: ${error.message.split('\n')[0]}`,
        'npm install koffi',
        error,
      );
    },
  );
  return loaded;
}

/** Path of koffi's addon, where this process has loaded it, for `useKoffi` in other threads. */
export function koffiAddon(): string | undefined {
  return addon;
}

/**
 * Loads koffi in this thread without reading a file: glibc recognises the path of a library that the process
 * has loaded (_dl_map_object in elf/dl-load.c), and opens nothing.
 *
 * @param path result of `koffiAddon` in the thread that loaded it
 * @throws Error
 */
export function useKoffi(path: string): void {
  const module = { exports: {} };
  process.dlopen(module, path);
  loaded = Promise.resolve(module.exports as Koffi);
  addon = path;
}
