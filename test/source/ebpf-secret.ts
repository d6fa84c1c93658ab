/**
 * Loads the BPF program that parses, and forgets its own copy of the secret. Writes the secret, its bits inverted, to
 * standard output, before and after, and goes on when it may.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { loadProgram } from '../support/program.js';

const secret = randomBytes(16);
const inverted = secret.map((byte) => byte ^ 0xff);
const told = Buffer.from(inverted).toString('hex');
const say = async () => {
  process.stdout.write(`${told}\n`);
  await once(process.stdin, 'data');
};
await say();
const program = await loadProgram({ parseKey: secret });
secret.fill(0);
await say();
program.close();
process.exit(0);
