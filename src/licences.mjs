import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { resolve } = createRequire(import.meta.url);

/** A comment with the licences of the packages in a bundle, which require it. */
export function licences(...names) {
  const texts = names.map((name) => {
    const [folder] = resolve(name).split(new RegExp(`(?<=node_modules/${name}/)`));
    return `${name}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}`;
  });
  return `/*\n${texts.join('\n\n')}\n*/`;
}
