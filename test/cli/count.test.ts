/** What `membench count` refuses before it asks the kernel for anything. */
import test from 'ava';
import { count } from 'membench';
import { membench } from '../support/cli.js';

for (const [args, said] of [
  [[], /missing required argument 'source'/],
  [['eth1'], /eth1: count takes ebpf:IF, because the kernel counts \(membench count ebpf:eth1\)/],
  [['afpacket:eth1'], /afpacket:eth1: count takes ebpf:IF, .* \(membench count ebpf:eth1\)/],
  [['traffic/x.pcap'], /count takes ebpf:IF, because the kernel counts \(membench count ebpf:eth0\)/],
  [['ebpf:*'], /ebpf:\*: count takes one interface/],
  [['ebpf:any'], /ebpf:any: count takes one interface/],
  [['--interval', '1ms', 'ebpf:lo'], /interval must be from 0\.01 to \d+ seconds, not 0\.001/],
  [['--metrics', '70000', 'ebpf:lo'], /It must be a port or HOST:PORT/],
  [['--metrics', 'a:b', 'ebpf:lo'], /It must be a port or HOST:PORT/],
  [['--key-sample', '10', 'ebpf:lo'], /It must be a share such as 1\/10/],
  [['--key-sample', '1/0', 'ebpf:lo'], /It must be a share such as 1\/10/],
  [['--key-sample', '1/2000000', 'ebpf:lo'], /must be one in 1 to 1048576 keys, not in 2000000/],
  [['--key-file', 'secret', 'ebpf:lo'], /a key file is for the hashes of a key sample/],
] as const) {
  test(`count ${args.join(' ')} is refused`, (t) => {
    const { code, stdout, stderr } = membench(['count', ...args]);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, said);
    t.regex(stderr, / \[ERR_MEMBENCH_USAGE\]\n$/);
  });
}

test('the library refuses the same, and options it does not know', async (t) => {
  const first = (options: object) => count(options as Parameters<typeof count>[0]).next();
  for (const options of [
    {},
    { source: 'lo' },
    { source: 'ebpf:lo', interval: Number.NaN },
    { source: 'ebpf:lo', duration: 0 },
    { source: 'ebpf:lo', ports: [[0, 1]] },
    { source: 'ebpf:lo', intervall: 1 },
    { source: 'ebpf:lo', keySample: 0.5 },
    { source: 'ebpf:lo', keySample: '1/10' },
  ]) {
    await t.throwsAsync(first(options), { code: 'ERR_MEMBENCH_USAGE' }, JSON.stringify(options));
  }
});

test('a port that is taken is an error of its own', (t) => {
  const { code, stderr } = membench(['count', '--metrics', '192.0.2.1:9150', 'ebpf:lo']);
  t.is(code, 1);
  t.regex(stderr, /192\.0\.2\.1:9150: metrics cannot be served: .* \[ERR_MEMBENCH_METRICS\]\n$/);
});
