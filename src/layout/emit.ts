#!/usr/bin/env node
/** Writes every file derived from the schema: `node dist/layout/emit.js` from the project's root. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { countSchema } from './count-schema.js';
import { layoutHash, type PlacedField, type PlacedStruct, place, TYPE_SIZE } from './model.js';
import { type Schema, schema } from './schema.js';

const NOTE = 'Written by src/layout/emit.ts from src/layout/schema.ts. Do not edit.';
const AS_TYPE = { u8: 'u8', u16: 'u16', u32: 'u32', u64: 'u64', i32: 'i32', i64: 'i64' } as const;
const C_TYPE = {
  u8: '__u8',
  u16: '__u16',
  u32: '__u32',
  u64: '__u64',
  i32: '__s32',
  i64: '__s64',
} as const;

const upper = (name: string) => name.toUpperCase();
const pascal = (name: string) => name.replace(/(^|_)(\w)/g, (_, __, c: string) => c.toUpperCase());
const camel = (name: string) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const hex = (n: number) => `0x${n.toString(16).padStart(8, '0')}`;
const placed = (s: Schema): PlacedStruct[] => Object.entries(s.structs).map(([n, d]) => place(n, d));

/** Widest line of a generated file: lineWidth of biome.json. */
const WIDTH = 110;

/** Wraps a text into lines of at most WIDTH that begin with `prefix`. */
function wrap(text: string, prefix: string): string[] {
  const lines: string[] = [];
  let line = prefix;
  for (const word of text.split(' ')) {
    if (line !== prefix && line.length + word.length >= WIDTH) {
      lines.push(line.trimEnd());
      line = prefix;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

/** A documentation comment, on one line where it fits. */
function docComment(doc: string): string[] {
  const line = `/** ${doc} */`;
  return line.length <= WIDTH ? [line] : ['/**', ...wrap(doc, ' * '), ' */'];
}

/** The schema without what only the counting program has: the parser does not count. */
function ofParser(s: Schema): Schema {
  const without = <T>(all: Readonly<Record<string, T>>, some: object) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !(name in some)));
  return {
    ...s,
    constants: without(s.constants, countSchema.constants),
    enums: without(s.enums, countSchema.enums),
    structs: without(s.structs, countSchema.structs),
  };
}

/** `assembly/layout.ts`: constants, enum values, one unmanaged class a struct, compile-time guards. */
export function emitAssembly(whole: Schema): string {
  const out: string[] = [`// ${NOTE}`, ''];
  out.push(`export const LAYOUT_HASH: u32 = ${hex(layoutHash(whole))};`, '');
  const s = ofParser(whole);
  for (const [name, [value, doc]] of Object.entries(s.constants)) {
    out.push(...docComment(doc), `export const ${name}: u32 = ${value};`);
  }
  for (const [name, e] of Object.entries(s.enums)) {
    out.push('', ...wrap(e.doc, '// '));
    e.names.forEach((n, i) => {
      out.push(`export const ${upper(name)}_${upper(n)}: u32 = ${i};`);
    });
    out.push(`export const ${upper(name)}_COUNT: u32 = ${e.names.length};`);
    if (e.codes !== undefined) {
      out.push('', '/** The value for the number in a file, 0 where it has none. */');
      out.push(`export function ${camel(name)}Of(code: u32): u32 {`, '  switch (code) {');
      for (const [n, codes] of Object.entries(e.codes)) {
        for (const code of codes) out.push(`    case ${code}:`);
        out.push(`      return ${upper(name)}_${upper(n)};`);
      }
      out.push('    default:', '      return 0;', '  }', '}');
    }
  }
  const structs = placed(s);
  for (const st of structs) {
    out.push(
      '',
      ...docComment(st.doc),
      '// @ts-ignore: decorator',
      '@unmanaged',
      `export class ${pascal(st.name)} {`,
    );
    for (const x of st.fields) {
      for (let i = 0; i < (x.count ?? 1); i++) {
        const suffix = x.count === undefined ? '' : `${i}`;
        const field = `  ${camel(x.name)}${suffix}: ${AS_TYPE[x.type]};`;
        const note = `${x.offset}: ${x.doc}`;
        const isLong = `${field} // ${note}`.length > WIDTH;
        if (i > 0) out.push(field);
        else if (isLong) out.push(...wrap(note, '  // '), field);
        else out.push(`${field} // ${note}`);
      }
    }
    out.push('}', '', `export const SIZEOF_${upper(st.name)}: u32 = ${st.size};`);
    for (const x of st.fields) {
      if (x.count !== undefined)
        out.push(`export const ${upper(st.name)}_${upper(x.name)}: u32 = ${x.offset};`);
    }
  }
  out.push(
    '',
    '/** Compile-time guard: the build stops where the offsets of a class are not those of the schema. */',
  );
  out.push('export function assertLayout(): void {');
  for (const st of structs) {
    out.push(`  if (offsetof<${pascal(st.name)}>() != ${st.size}) ERROR("size of ${st.name}");`);
    for (const x of st.fields) {
      const member = camel(x.name) + (x.count === undefined ? '' : '0');
      out.push(
        `  if (offsetof<${pascal(st.name)}>("${member}") != ${x.offset}) ERROR("${st.name}.${x.name}");`,
      );
    }
  }
  out.push('}', '');
  return out.join('\n');
}

/** `src/layout/generated.ts`: names, sizes and offsets for the host. */
export function emitHost(s: Schema): string {
  const out: string[] = [`// ${NOTE}`, ''];
  out.push(
    `export const LAYOUT_VERSION = ${s.version};`,
    `export const LAYOUT_HASH = ${hex(layoutHash(s))};`,
    '',
  );
  for (const [name, [value, doc]] of Object.entries(s.constants)) {
    out.push(`/** ${doc} */`, `export const ${name} = ${value};`);
  }
  for (const [name, e] of Object.entries(s.enums)) {
    out.push('', `/** ${e.doc} */`, `export const ${upper(name)}_NAMES = [`);
    for (const n of e.names) out.push(`  '${n}',`);
    out.push('] as const;', `export type ${pascal(name)} = (typeof ${upper(name)}_NAMES)[number];`);
    if (e.codes !== undefined) {
      out.push('', '/** Values by the number in a file. */');
      out.push(`export const ${upper(name)}_CODES: ReadonlyMap<number, number> = new Map([`);
      for (const [n, codes] of Object.entries(e.codes)) {
        for (const code of codes) out.push(`  [${code}, ${e.names.indexOf(n)}],`);
      }
      out.push(']);');
    }
  }
  for (const st of placed(s)) {
    out.push('', `/** Byte offsets. ${st.doc} */`, `export const ${upper(st.name)} = {`);
    for (const x of st.fields) {
      if (!x.name.startsWith('pad')) out.push(`  /** ${x.type}: ${x.doc} */`, `  ${x.name}: ${x.offset},`);
    }
    out.push(`  SIZE: ${st.size},`, '} as const;');
  }
  out.push('');
  return out.join('\n');
}

/** `bpf/layout.h`: structs and values for the BPF programs, with static assertions. */
export function emitHeader(s: Schema): string {
  const out: string[] = [
    '/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */',
    `/* ${NOTE} */`,
    '#ifndef MEMBENCH_LAYOUT_H',
    '#define MEMBENCH_LAYOUT_H',
    '',
    '#include <linux/types.h>',
    '',
    `#define MEMBENCH_LAYOUT_HASH ${hex(layoutHash(s))}u`,
    '',
  ];
  for (const [name, [value, doc]] of Object.entries(s.constants)) {
    out.push(`#define MEMBENCH_${name} ${value}u /* ${doc} */`);
  }
  for (const [name, e] of Object.entries(s.enums)) {
    out.push('', `/* ${e.doc} */`, `enum membench_${name} {`);
    e.names.forEach((n, i) => {
      out.push(`\tMEMBENCH_${upper(name)}_${upper(n)} = ${i},`);
    });
    out.push(`\tMEMBENCH_${upper(name)}_COUNT = ${e.names.length},`, '};');
  }
  for (const st of placed(s)) {
    out.push('', `/* ${st.doc} */`, `struct membench_${st.name} {`);
    for (const x of st.fields) {
      out.push(`\t${C_TYPE[x.type]} ${x.name}${x.count === undefined ? '' : `[${x.count}]`}; /* ${x.doc} */`);
    }
    out.push('};', `_Static_assert(sizeof(struct membench_${st.name}) == ${st.size}, "size of ${st.name}");`);
    for (const x of st.fields) {
      out.push(
        `_Static_assert(__builtin_offsetof(struct membench_${st.name}, ${x.name}) == ${x.offset}, "${st.name}.${x.name}");`,
      );
    }
  }
  out.push('', '#endif', '');
  return out.join('\n');
}

const width = (x: PlacedField) => TYPE_SIZE[x.type] * (x.count ?? 1);

/** `LAYOUT.md`: the layout for readers. */
export function emitDocument(s: Schema): string {
  const out: string[] = [
    '# Binary layout',
    '',
    `<!-- ${NOTE} -->`,
    '',
    'What TypeScript, AssemblyScript and the BPF programs share in memory. Little-endian, natural',
    'alignment, no hidden padding. The profile file has its own description, `src/profile/FORMAT.md`.',
    '',
    `Version ${s.version}, layout hash \`${hex(layoutHash(s))}\`.`,
    '',
    '## Constants',
    '',
    '| name | value | meaning |',
    '|---|---|---|',
  ];
  for (const [name, [value, doc]] of Object.entries(s.constants)) out.push(`| ${name} | ${value} | ${doc} |`);
  for (const [name, e] of Object.entries(s.enums)) {
    out.push('', `## enum ${name}`, '', `${e.doc}.`, '', e.names.map((n, i) => `${i} \`${n}\``).join(', '));
  }
  for (const st of placed(s)) {
    out.push(
      '',
      `## struct ${st.name} (${st.size} bytes)`,
      '',
      `${st.doc}.`,
      '',
      '| offset | bytes | field | type | meaning |',
      '|---|---|---|---|---|',
    );
    for (const x of st.fields) {
      out.push(
        `| ${x.offset} | ${width(x)} | ${x.name} | ${x.type}${x.count === undefined ? '' : `[${x.count}]`} | ${x.doc} |`,
      );
    }
  }
  out.push('');
  return out.join('\n');
}

/** Every derived file, by its path from the project's root. */
export function emitAll(s: Schema): Map<string, string> {
  return new Map([
    ['assembly/layout.ts', emitAssembly(s)],
    ['src/layout/generated.ts', emitHost(s)],
    ['bpf/layout.h', emitHeader(s)],
    ['LAYOUT.md', emitDocument(s)],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of emitAll(schema)) writeFileSync(path, text);
}
