import { readFileSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { loadKoffi } from './koffi.js';

export interface User {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Users to decode live traffic, best first: membench's own, where it was created; else one that every system
 * has.
 */
const DECODERS = ['membench', 'nobody'] as const;

/**
 * Finds the user that a process of root becomes before it decodes packets.
 *
 * @param name name of the wanted user, if any
 * @throws ERR_MEMBENCH_USAGE where the user does not exist or has uid 0
 */
export async function findDecoder(name?: string): Promise<User> {
  if (name !== undefined) return findUser(name);
  const [own, other] = DECODERS;
  return findUser(own).catch(() => findUser(other));
}

/**
 * Looks up a user in all databases of the system.
 *
 * @throws ERR_MEMBENCH_USAGE where the user does not exist or has uid 0
 */
export async function findUser(name: string): Promise<User> {
  const { uid, gid } = await lookUp(name);
  if (uid === 0) {
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      `${name}: packets are never decoded with the rights of root`,
      'name another user with -Z',
    );
  }
  return { name, uid, gid };
}

async function lookUp(name: string): Promise<{ uid: number; gid: number }> {
  const koffi = await loadKoffi().catch(() => undefined);
  if (koffi === undefined) return readPasswd(name);
  // The first members of struct passwd (pwd.h), the same in glibc, musl and the BSDs.
  const passwd = koffi.struct({
    name: 'const char *',
    password: 'const char *',
    uid: 'uint32_t',
    gid: 'uint32_t',
  });
  const getpwnam = koffi.load(null).func('getpwnam', koffi.pointer(passwd), ['str']);
  const found = getpwnam(name);
  if (found === null) throw unknown(name);
  return koffi.decode(found, passwd) as { uid: number; gid: number };
}

/** Looks up a local user (passwd(5)). */
function readPasswd(name: string): { uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = users.map((line) => line.split(':')).find(([user]) => user === name);
  if (fields === undefined) throw unknown(name);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function unknown(name: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', `${name}: there is no such user`);
}
