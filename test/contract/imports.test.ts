import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';

/** Which room may import which: the table the architecture rests on. A room is a folder or a file of src. */
const ROOMS: Record<string, readonly string[]> = {
  layout: [],
  'errors.ts': [],
  'record-options.ts': ['event', 'layout'],
  'record-checks.ts': ['source', 'errors.ts', 'record-options.ts'],
  'version.ts': [],
  'clock.ts': [],
  event: ['layout'],
  memory: ['layout', 'errors.ts'],
  secret: ['errors.ts'],
  native: ['errors.ts'],
  source: ['memory', 'layout', 'native', 'errors.ts'],
  decode: ['event', 'layout', 'errors.ts'],
  profile: ['event', 'layout', 'errors.ts'],
  pool: ['decode', 'memory', 'profile', 'native', 'layout', 'errors.ts'],
  recorder: ['source', 'memory', 'pool', 'profile', 'native', 'layout', 'errors.ts'],
  analyze: ['profile', 'event', 'errors.ts'],
  'record.ts': ['pool', 'source', 'record-checks.ts', 'record-options.ts', 'recording.ts'],
  'recording.ts': [
    'decode',
    'event',
    'memory',
    'source',
    'recorder',
    'pool',
    'native',
    'profile',
    'secret',
    'layout',
    'clock.ts',
    'errors.ts',
    'record-options.ts',
    'version.ts',
  ],
  'doctor.ts': ['source', 'recorder'],
  'decoder.ts': ['decode', 'memory', 'event', 'layout', 'errors.ts'],
  'profile.ts': ['profile', 'event', 'errors.ts'],
  'index.ts': [
    'record.ts',
    'doctor.ts',
    'profile.ts',
    'analyze',
    'source',
    'errors.ts',
    'record-options.ts',
    'version.ts',
  ],
  page: ['analyze', 'event', 'layout', 'decoder.ts'],
  cli: ['index.ts'],
};

/** Packages each room may use; the others use only what Node has. */
const PACKAGES: Record<string, readonly string[]> = {
  native: ['koffi'],
  source: ['cap'],
  pool: ['piscina'],
  profile: ['msgpackr/pack', 'msgpackr/unpack'],
  cli: ['commander'],
  page: ['uplot'],
};

/** Rooms that must run in a browser: not even Node's own modules. */
const PORTABLE = ['decode', 'event', 'errors.ts', 'decoder.ts', 'memory'];

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file));
}

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return [
    ...text.matchAll(/^(?:import|export)\b[^;']*?\bfrom\s+'([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
    ...text.matchAll(/^import '([^']+)'/gm),
  ].map(([, name]) => name!);
}

const roomOf = (path: string) => path.split('/')[1]!;

test('every import in src goes where the table of rooms allows', (t) => {
  const wrong: string[] = [];
  for (const file of sources('src')) {
    const room = roomOf(file);
    t.truthy(ROOMS[room], `${file}: a room without a row in the table`);
    for (const name of imports(file)) {
      if (name.startsWith('.')) {
        const target = normalize(join(dirname(file), name)).replace(/\.js$/, '.ts');
        const to = roomOf(target);
        if (to !== room && !ROOMS[room]!.includes(to)) wrong.push(`${file} imports ${target}`);
      } else if (name.startsWith('node:')) {
        if (PORTABLE.includes(room)) wrong.push(`${file} imports ${name}`);
      } else if (!(PACKAGES[room] ?? []).includes(name)) wrong.push(`${file} imports ${name}`);
    }
  }
  t.deepEqual(wrong, []);
});

test('only the command line writes to stdout and stderr', (t) => {
  const talkers = sources('src').filter((file) =>
    // Comments hold examples.
    /\bprocess\.(stdout|stderr)\b|\bconsole\./.test(
      readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, ''),
    ),
  );
  t.deepEqual([...new Set(talkers.map(roomOf))], ['cli']);
});

test('the parser rooms that know only bytes import nothing that knows flows', (t) => {
  const wrong: string[] = [];
  for (const file of [
    ...sources('assembly/wire'),
    ...sources('assembly/memcache'),
    ...sources('assembly/scan'),
  ]) {
    for (const name of imports(file)) {
      if (/\/(flow|stream|match|framing|columns)\/|\/(decode|emit|block|host)$/.test(name))
        wrong.push(`${file} imports ${name}`);
    }
  }
  t.deepEqual(wrong, []);
});
