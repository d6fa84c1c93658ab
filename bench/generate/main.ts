#!/usr/bin/env node
/** Writes a generated capture to a file and its truth, as JSON, to stdout. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULTS, type GenerateOptions, generateCapture } from './generate.js';

const USAGE = `usage: node build/bench/generate/main.js --out FILE [options]

  --out FILE         the capture to write
  --packets N        2 x exchanges; handshakes and ACKs come on top
  --mix LIST         weights of the commands: get=80,mg=8,set=10,delete=2
  --no-handshake     connections are under way from the first packet to the last
and, with their defaults:
`;

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const numeric = Object.entries(DEFAULTS).filter(([, value]) => typeof value === 'number');

function usage(problem: string): never {
  const lines = numeric.map(([name, value]) => `  --${kebab(name).padEnd(16)} ${value}`);
  process.stderr.write(`${problem}\n${USAGE}${lines.join('\n')}\n`);
  process.exit(2);
}

function parseMix(text: string): GenerateOptions['mix'] {
  const mix: Record<string, number> = { get: 0, mg: 0, set: 0, delete: 0 };
  for (const part of text.split(',')) {
    const [command = '', weight = ''] = part.split('=');
    if (!(command in mix) || weight === '') throw new RangeError(`--mix does not know ${part}`);
    mix[command] = Number(weight);
  }
  return mix as GenerateOptions['mix'];
}

function parse(): { out: string; options: Partial<GenerateOptions> } {
  const texts = ['out', 'packets', 'mix', ...numeric.map(([name]) => kebab(name))];
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(texts.map((name) => [name, { type: 'string' as const }])),
      'no-handshake': { type: 'boolean' },
    },
  });
  const given = values as Record<string, string | undefined>;
  const options: Record<string, unknown> = {};
  if (given.packets !== undefined) options.exchanges = Math.floor(Number(given.packets) / 2);
  for (const [name] of numeric) {
    const text = given[kebab(name)];
    if (text !== undefined) options[name] = Number(text);
  }
  if (given.mix !== undefined) options.mix = parseMix(given.mix);
  if (values['no-handshake']) options.handshake = false;
  if (given.out === undefined) throw new RangeError('--out is missing');
  return { out: given.out, options };
}

function generate(out: string, options: Partial<GenerateOptions>): void {
  const fd = openSync(out, 'w');
  try {
    const truth = generateCapture(options, (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    });
    process.stdout.write(`${JSON.stringify(truth)}\n`);
  } finally {
    closeSync(fd);
  }
}

try {
  const { out, options } = parse();
  generate(out, options);
} catch (error) {
  if (error instanceof RangeError || error instanceof TypeError) usage(error.message);
  throw error;
}
