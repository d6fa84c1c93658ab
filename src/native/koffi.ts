import { MembenchError } from '../errors.js';

type Koffi = typeof import('koffi').default;

let loaded: Promise<Koffi> | undefined;

/**
 * The foreign function interface, loaded when a live source first needs it: it is an optional dependency,
 * and files are recorded without it.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where it is not installed, or not for this platform
 */
export function loadKoffi(): Promise<Koffi> {
  loaded ??= import('koffi').then(
    ({ default: koffi }) => koffi,
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
