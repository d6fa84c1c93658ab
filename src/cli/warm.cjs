/**
 * Keeps the code that V8 makes of the bundle, with that of all functions which a recording calls: records an
 * empty capture in a temporary folder.
 */
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { CODE, compile, run } = require('../../dist/bin/membench.cjs');

/** The header of a capture of Ethernet packets (pcap-savefile(5)). */
const HEADER = new Uint32Array([0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1]);

rmSync(CODE, { force: true });
const script = compile();
const folder = mkdtempSync(join(tmpdir(), 'membench-build-'));
const capture = join(folder, 'empty.pcap');
writeFileSync(capture, HEADER);
process.on('exit', () => {
  writeFileSync(CODE, script.createCachedData());
  rmSync(folder, { recursive: true });
});
process.argv.splice(2, Infinity, 'record', capture, join(folder, 'empty.mbp'));
run(script);
