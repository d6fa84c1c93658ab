#!/usr/bin/env node
/** `node build/bench/generate/main.js --out FILE [--exchanges N] [--flows N] [--seed N] …`; prints the truth as JSON. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULTS, type GenerateOptions, generateCapture } from './generate.js';

const names = Object.keys(DEFAULTS) as (keyof GenerateOptions)[];
const { values } = parseArgs({
  options: {
    out: { type: 'string', short: 'o' },
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  },
});
const given = values as Record<string, string | undefined>;
if (given.out === undefined) {
  process.stderr.write(`usage: generate --out FILE ${names.map((name) => `[--${name} N]`).join(' ')}\n`);
  process.exit(2);
}
const options = Object.fromEntries(
  names.filter((name) => given[name] !== undefined).map((name) => [name, Number(given[name])]),
);
const fd = openSync(given.out, 'w');
const truth = generateCapture(options, (chunk) => {
  for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
});
closeSync(fd);
process.stdout.write(`${JSON.stringify(truth)}\n`);
