import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

/**
 * What a packet brings travels in one struct (assembly/packet.ts), so no function that every packet passes needs more
 * parameters than these.
 */
const PARAMETERS_MAX = 4;

/** Functions with more, and why no ordinary packet pays for it. */
const EXCEPTIONS: Record<string, string> = {
  indexSlot: 'called by the host, once a slot',
  emitConn: 'twice a connection',
  appendConn: 'twice a connection',
  admin: 'administrative commands',
  foreign: 'unknown commands',
  isKeyOf: 'answers that show their key in another form than it was asked for',
};

/** Every function of the parser and its number of parameters. */
function* functions(): Generator<[file: string, name: string, parameters: number]> {
  for (const name of readdirSync('assembly', { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join('assembly', name), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    for (const [, called, list] of text.matchAll(/\bfunction (\w+)\(([^)]*)\)/g)) {
      yield [name, called!, list!.split(',').filter((part) => part.trim() !== '').length];
    }
  }
}

test('no function every packet passes takes more than four parameters', (t) => {
  const all = [...functions()];
  t.true(all.length > 100);
  const long = all.filter(([, , parameters]) => parameters > PARAMETERS_MAX);
  t.deepEqual(
    long.filter(([, name]) => EXCEPTIONS[name] === undefined),
    [],
  );
  const unused = Object.keys(EXCEPTIONS).filter((name) => !long.some(([, called]) => called === name));
  t.deepEqual(unused, [], 'exceptions nothing needs any more');
});
