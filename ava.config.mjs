import { existsSync, readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('build/test/', import.meta.url);

/** Files of tests by name, in order, and where each is from 0, the first, to 1. */
function spread(names) {
  return names.sort().map((name, i) => [name, (i + 0.5) / names.length]);
}

/**
 * Live tests take turns (test/support/network.ts). In the order of their names they would wait for each other in every
 * process of ava, and the other tests for them. So they are spread evenly among the others.
 */
function places() {
  const names = existsSync(FOLDER)
    ? readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.test.js'))
    : [];
  const isLive = (name) => readFileSync(new URL(name, FOLDER), 'utf8').includes('takeTurns');
  const live = names.filter(isLive);
  return new Map([...spread(live), ...spread(names.filter((name) => !live.includes(name)))]);
}

const placeOf = places();
const place = (file) => placeOf.get(file.slice(file.indexOf('build/test/') + 'build/test/'.length)) ?? 1;

export default {
  files: ['build/test/**/*.test.js'],
  timeout: '3m',
  workerThreads: false,
  sortTestFiles: (one, other) => place(one) - place(other),
};
