import { readFileSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { loadKoffi } from './koffi.js';

export interface User {
  name: string;
  uid: number;
  gid: number;
}

/** Who decodes live traffic, best first: one of its own, if somebody made it; else one every system has. */
const DECODERS = ['membench', 'nobody'] as const;

/**
 * The user a process of root becomes before it decodes packets.
 *
 * @param name who was asked for, if anybody was
 * @throws ERR_MEMBENCH_USAGE where there is no such user, or where it is root under any name
 */
export async function findDecoder(name?: string): Promise<User> {
  if (name !== undefined) return findUser(name);
  const [own, other] = DECODERS;
  return findUser(own).catch(() => findUser(other));
}

/**
 * Looks a user up, wherever the system keeps its users.
 *
 * @throws ERR_MEMBENCH_USAGE where there is no such user, or where it is root under any name
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
  // The start of struct passwd (pwd.h), the same in glibc, musl and the BSDs.
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

/** Local users only (passwd(5)). */
function readPasswd(name: string): { uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = users.map((line) => line.split(':')).find(([user]) => user === name);
  if (fields === undefined) throw unknown(name);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function unknown(name: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', `${name}: there is no such user`);
}
