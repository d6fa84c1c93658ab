import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';

/** A row of a table in docs/rooms.md: what a room may import. */
interface Row {
  rooms: readonly string[];
  packages: readonly string[];
}

/** The tables of docs/rooms.md, by tree and room. */
function readTables(): Record<string, Map<string, Row>> {
  const tables: Record<string, Map<string, Row>> = {};
  const names = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  for (const section of readFileSync('docs/rooms.md', 'utf8').split(/^## /m).slice(1)) {
    const rows = new Map<string, Row>();
    for (const [, room, rest] of section.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)) {
      const [, rooms, packages] = rest!.split('|');
      rows.set(room!, { rooms: names(rooms), packages: names(packages) });
    }
    tables[section.slice(0, section.indexOf('/'))] = rows;
  }
  return tables;
}

const TABLES = readTables();

/**
 * What the rows of some rooms may never be widened to, directly or through others. These are the walls the table
 * exists for.
 */
const WALLS: readonly (readonly [room: string, never: readonly string[]])[] = [
  [
    'wire',
    ['packet.ts', 'flow', 'framing', 'stream.ts', 'tcp', 'udp', 'memcache', 'match', 'emit.ts', 'columns'],
  ],
  ['memcache', ['packet.ts', 'flow', 'framing', 'stream.ts', 'tcp', 'udp', 'match', 'emit.ts', 'columns']],
  ['framing', ['flow', 'stream.ts', 'tcp', 'udp', 'match', 'emit.ts', 'columns']],
  ['match', ['framing', 'stream.ts', 'tcp', 'udp']],
];

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

/** The room a relative import leads to: AssemblyScript leaves the suffix out. */
function targetRoom(file: string, name: string): string {
  const target = normalize(join(dirname(file), name)).replace(/\.js$/, '.ts');
  const room = roomOf(target);
  const isFile = target.split('/').length === 2 && !room.includes('.') && !existsSync(target);
  return isFile ? `${room}.ts` : room;
}

/** Every room that a room may reach by the table, through as many others as it takes. */
function reach(rows: ReadonlyMap<string, Row>, room: string): Set<string> {
  const reached = new Set<string>();
  const todo = [room];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const next of rows.get(at)?.rooms ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      todo.push(next);
    }
  }
  return reached;
}

for (const tree of ['assembly', 'src']) {
  const rows = TABLES[tree]!;

  test(`every import in ${tree} goes where the table of rooms allows`, (t) => {
    const wrong: string[] = [];
    for (const file of sources(tree)) {
      const room = roomOf(file);
      const row = rows.get(room) ?? { rooms: [], packages: [] };
      for (const name of imports(file)) {
        if (name.startsWith('.')) {
          const to = targetRoom(file, name);
          if (to !== room && !row.rooms.includes(to)) wrong.push(`${file} imports ${to} by '${name}'`);
        } else if (!row.packages.includes(name.startsWith('node:') ? 'node:' : name)) {
          wrong.push(`${file} imports ${name}`);
        }
      }
    }
    t.deepEqual(wrong, []);
  });

  test(`every room of ${tree} has its row in the table, and every row its room`, (t) => {
    const rooms = [...new Set(sources(tree).map(roomOf))].sort();
    t.deepEqual([...rows.keys()].sort(), rooms);
    const named = new Set([...rows.values()].flatMap((row) => row.rooms));
    t.deepEqual(
      [...named].filter((room) => !rows.has(room)),
      [],
    );
  });

  test(`no room of ${tree} is part of a circle`, (t) => {
    t.deepEqual(
      [...rows.keys()].filter((room) => reach(rows, room).has(room)),
      [],
    );
  });
}

test('the parser rooms stay behind their walls', (t) => {
  const rows = TABLES.assembly!;
  for (const [room, never] of WALLS) {
    const reached = reach(rows, room);
    t.deepEqual(
      never.filter((other) => reached.has(other)),
      [],
      room,
    );
  }
  // The transports know what reads their bytes only through the seam.
  for (const room of ['tcp', 'udp']) {
    const { rooms } = rows.get(room)!;
    t.deepEqual(
      rooms.filter((other) => ['memcache', 'match', 'emit.ts', 'columns'].includes(other)),
      [],
      room,
    );
  }
  // Nobody but the loop and the ABI sees both ends.
  const seers = [...rows.keys()].filter((room) => {
    const reached = reach(rows, room);
    return reached.has('framing') && reached.has('match');
  });
  t.deepEqual(seers, ['decode.ts', 'index.ts']);
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
