import { MembenchError } from '../errors.js';
import { loadKoffi } from './koffi.js';

export interface User {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Looks a user up, wherever the system keeps its users.
 *
 * @throws ERR_MEMBENCH_USAGE where there is no such user, or where it is root under any name
 */
export async function findUser(name: string): Promise<User> {
  const koffi = await loadKoffi();
  // The start of struct passwd (pwd.h), the same in glibc, musl and the BSDs.
  const passwd = koffi.struct({
    name: 'const char *',
    password: 'const char *',
    uid: 'uint32_t',
    gid: 'uint32_t',
  });
  const getpwnam = koffi.load(null).func('getpwnam', koffi.pointer(passwd), ['str']);
  const found = getpwnam(name);
  if (found === null) throw new MembenchError('ERR_MEMBENCH_USAGE', `${name}: there is no such user`);
  const { uid, gid } = koffi.decode(found, passwd) as { uid: number; gid: number };
  if (uid === 0) {
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      `${name}: packets are never decoded with the rights of root`,
      'name another user with -Z',
    );
  }
  return { name, uid, gid };
}
