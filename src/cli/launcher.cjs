#!/usr/bin/env node
/**
 * The program `membench`: runs commands.cjs with the code that V8 made of it when the package was built
 * (commands.code, see build.mjs), which saves half of the time to start. V8 refuses the code where its version
 * or its flags are others, and makes it anew.
 */
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

const BUNDLE = join(__dirname, 'commands.cjs');
const CODE = join(__dirname, 'commands.code');

/** The code that was kept; undefined where there is none. */
function keptCode() {
  try {
    return readFileSync(CODE);
  } catch {
    return undefined;
  }
}

/** Compiles the bundle, as the function that Node makes of a CommonJS module. */
function compile() {
  // The bundle is ASCII, which V8 reads faster than anything else.
  const source = `(function (require, __filename) {${readFileSync(BUNDLE, 'latin1')}\n})`;
  return new Script(source, { filename: BUNDLE, cachedData: keptCode() });
}

/** Runs the compiled bundle. */
function run(script) {
  script.runInThisContext()(createRequire(BUNDLE), BUNDLE);
}

if (require.main === module) run(compile());
else module.exports = { compile, run, CODE };
