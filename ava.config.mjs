import { existsSync, readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('build/test/', import.meta.url);

/** Seconds that files take which take long, on a machine of two processors. */
const SLOW = {
  'live/ebpf': 95,
  'export/hostile': 50,
  'profile/bombs': 50,
  'fuzz/hunt': 65,
  'live/sources': 43,
  'profile/damage': 40,
  'export/command': 38,
  'cli/hints': 37,
  'cli/doctor': 37,
  'replay/bad-servers': 36,
  'live/processes': 34,
  'live/sandbox': 33,
  conversations: 30,
  'replay/servers': 29,
  'profile/verify': 25,
  'cli/lent-files': 25,
  'cli/damaged': 25,
  'live/dumps': 25,
  'page/browser': 22,
  'cli/write-errors': 20,
  'cli/record': 17,
  'live/conversations': 17,
  'page/report': 17,
  'analyze/curve': 16,
  'pool/kernel-deaths': 15,
  'pool/deaths': 15,
  'cli/formats': 15,
  'cli/file-order': 15,
};
const USUAL = 4;

const seconds = (name) => SLOW[name.replace('.test.js', '')] ?? USUAL;

/** Files of tests by name, those that take longest first, and where in their time each is from 0, the start, to 1. */
function spread(names) {
  const sorted = names.sort().sort((one, other) => seconds(other) - seconds(one));
  const total = sorted.reduce((sum, name) => sum + seconds(name), 0);
  let sum = 0;
  return sorted.map((name) => {
    const place = sum / total;
    sum += seconds(name);
    return [name, place];
  });
}

/**
 * Live tests take turns (test/support/network.ts): one that waits for its turn keeps a process of ava from other tests.
 * So they begin, by the time that all take, spread evenly among the others.
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
