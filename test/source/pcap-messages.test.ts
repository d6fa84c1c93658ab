import test from 'ava';
import fc from 'fast-check';
import { parseFailure, parseReady } from '#src/source/pcap/messages.js';

test('what the capturing child says is taken where it is what it must be', (t) => {
  t.deepEqual(parseReady('{"linktype":113}\n'), { linktype: 113 });
  t.deepEqual(parseFailure('{"code":"NO_DEVICE","message":"eth7: no such device"}'), {
    code: 'NO_DEVICE',
    message: 'eth7: no such device',
  });
});

test('anything else is nothing', (t) => {
  for (const line of [
    '',
    'null',
    '[]',
    '"ready"',
    '{"linktype":"1"}',
    '{"linktype":1.5}',
    '{"linktype":-1}',
    '{"linktype":65536}',
    '{"linktype":1',
    '{"linktype":{"toString":"x"}}',
  ]) {
    t.is(parseReady(line), undefined, line);
  }
  for (const line of [
    'cap.node: assertion failed',
    '{"code":"NO_DEVICE"}',
    '{"code":"NO_DEVICE","message":{"length":1}}',
    '{"code":"TYPO","message":"x"}',
    '{"code":["NO_DEVICE"],"message":"x"}',
    '{"code":"toString","message":"x"}',
  ]) {
    t.is(parseFailure(line), undefined, line);
  }
  fc.assert(
    fc.property(fc.json(), (line) => {
      parseReady(line);
      parseFailure(line);
    }),
  );
});

test('what it says cannot steer a terminal, and is short', (t) => {
  const line = JSON.stringify({
    code: 'FAILED',
    message: `\u001b[2J\nmembench: done${'x'.repeat(5000)}`,
    more: 1,
  });
  const { code, message } = parseFailure(line)!;
  t.is(code, 'FAILED');
  t.regex(message, /^ \[2J membench: donex+$/);
  t.true(message.length <= 500);
});
