/**
 * User names and passwords of the text protocol (doc/protocol.txt, "Authentication"): a server started with
 * -Y takes them as the value of a set with any key, and nothing on the wire says so unless the server refuses
 * something first. So the first value of a connection that reads like a name and a password may be one.
 */
import { NO_SIZE, OP_AUTH, OP_SET, PROTO_TEXT } from '../layout';
import { BIT_NOREPLY, KIND_AUTH, Request } from './message';

// What the bytes of a value read so far look like.
/** No credentials. */
export const LOGIN_NO: u8 = 0;
/** No byte was read yet. */
const LOGIN_START: u8 = 1;
/** One word. */
const LOGIN_NAME: u8 = 2;
/** One word and spaces. */
const LOGIN_SPACE: u8 = 3;
/** Two words: a name and a password. */
export const LOGIN_BOTH: u8 = 4;

/**
 * Longest value taken for credentials, bytes: more than a file of users and passwords has room for in a line.
 */
const LOGIN_MAX: u32 = 1024;

/** Whether this is a set that could carry credentials. */
// @ts-ignore: decorator
@inline
export function mayLogIn(request: Request): bool {
  return request.op == OP_SET && request.proto == PROTO_TEXT;
}

/** Initial state for the first request of a connection. */
export function expectLogin(request: Request): u8 {
  return mayLogIn(request) && request.dataSize <= LOGIN_MAX ? LOGIN_START : LOGIN_NO;
}

/**
 * Checks the next bytes of the value: words separated by spaces, as the server reads them, without line end
 * or NUL.
 */
export function lookAtLogin(login: u8, at: usize, end: usize): u8 {
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0 || byte == 10 || byte == 13) return LOGIN_NO;
    if (byte == 0x20) {
      if (login == LOGIN_NAME) login = LOGIN_SPACE;
    } else if (login == LOGIN_START) login = LOGIN_NAME;
    else if (login == LOGIN_SPACE) login = LOGIN_BOTH;
  }
  return login;
}

/** Removes everything from the request that could reveal credentials. */
export function withhold(request: Request): void {
  if (!mayLogIn(request)) return;
  request.present = 0;
  request.keyHash = 0;
  request.keySize = 0;
  request.valueSize = NO_SIZE;
}

/** Marks the set as a login, for which the noreply rule does not apply. */
export function becomeLogin(request: Request): void {
  withhold(request);
  request.op = <u8>OP_AUTH;
  request.kind = KIND_AUTH;
  request.bits &= ~BIT_NOREPLY;
  request.traits = 0;
}
