/** Logins and TLS. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import test from 'ava';
import { LoginAnswer, loginRequest, readLogin } from '#src/replay/login.js';
import { replay } from '#src/replay/replay.js';
import { temporary } from '../support/cli.js';
import { client, server as fromServer, type Turn } from '../support/conversation.js';
import { hasMemcached, Memcached, profileOfTurns } from './server.js';

const live = hasMemcached ? test.serial : test.serial.skip;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const TURNS: readonly Turn[] = [
  client('set some-key-of-mine 0 0 3\r\nabc\r\n'),
  fromServer('STORED\r\n'),
  client('get some-key-of-mine\r\n'),
  fromServer('VALUE some-key-of-mine 0 3\r\nabc\r\nEND\r\n'),
];

test.serial('a login is read from a file of one line that nobody else may read', (t) => {
  const path = join(temporary(t), 'login');
  writeFileSync(path, 'me:it is:secret\n', { mode: 0o600 });
  t.deepEqual(readLogin(path), { user: 'me', password: 'it is:secret' });
  chmodSync(path, 0o644);
  t.throws(() => readLogin(path), { code: 'ERR_MEMBENCH_LOGIN', message: /others may read it/ });
  chmodSync(path, 0o600);
  for (const text of ['', 'me', 'me:', 'a b:c', 'me:x\nyou:y\n']) {
    writeFileSync(path, text);
    const error = t.throws(() => readLogin(path), { code: 'ERR_MEMBENCH_LOGIN' });
    t.notRegex(error!.message, /you|a b/);
  }
  t.throws(() => readLogin(`${path}-none`), { code: 'ERR_MEMBENCH_LOGIN', message: /no such file/ });
});

test.serial('a login is a set in the text protocol, and SASL PLAIN in the binary one', (t) => {
  const login = { user: 'me', password: 'pw' };
  t.is(loginRequest(login, 'text').toString(), 'set login 0 0 5\r\nme pw\r\n');
  // Opcode 0x21, a key of 5 bytes, 11 bytes of body.
  const head = '80210005' + '00000000' + '0000000b' + '00000000' + '0000000000000000';
  t.is(loginRequest(login, 'binary').toString('hex'), head + Buffer.from('PLAIN\0me\0pw').toString('hex'));
});

test.serial('the answer to a login is told from what follows it, cut anywhere', (t) => {
  const accepted = Buffer.concat([
    Buffer.from('81210000000000000000000d', 'hex'),
    Buffer.alloc(12),
    Buffer.from('Authenticated'),
  ]);
  const refused = Buffer.concat([
    Buffer.from('812100000000002000000004', 'hex'),
    Buffer.alloc(12),
    Buffer.from('Auth'),
  ]);
  const cases = [
    ['text', Buffer.from('STORED\r\n'), true],
    ['text', Buffer.from('CLIENT_ERROR authentication failure\r\n'), false],
    ['binary', accepted, true],
    ['binary', refused, false],
  ] as const;
  for (const [protocol, answer, expected] of cases) {
    for (let cut = 0; cut < answer.length; cut++) {
      const reader = new LoginAnswer(protocol);
      t.deepEqual(reader.feed(answer, cut), { taken: cut, accepted: null });
      const rest = Buffer.concat([answer.subarray(cut), Buffer.from('more')]);
      t.deepEqual(reader.feed(rest, rest.length), { taken: answer.length - cut, accepted: expected });
    }
  }
});

live('a server that wants a login gets it first on every connection', async (t) => {
  const folder = temporary(t);
  const users = join(folder, 'users');
  writeFileSync(users, 'me:secret\n', { mode: 0o644 });
  chmodSync(folder, 0o755);
  const memcached = await Memcached.start(t, '-Y', users);
  const authFile = join(folder, 'login');
  writeFileSync(authFile, 'me:secret\n', { mode: 0o600 });
  const profiles = [profileOfTurns(folder, TURNS)];
  const asked = { profiles, server: memcached.server, threads: 1, timeout: 3 };
  const summary = await replay({ ...asked, authFile });
  t.deepEqual(summary.errors, {});
  t.is(summary.outcome.same, 2);
  const without = await replay(asked);
  // What memcached answers after a set that it took for a wrong login depends on what had arrived.
  t.true(without.errors.client_error! >= 1);
  t.is(without.outcome.same, 0);
  writeFileSync(authFile, 'me:wrong\n');
  await t.throwsAsync(replay({ ...asked, authFile }), {
    code: 'ERR_MEMBENCH_LOGIN',
    message: /refuses the login/,
  });
});

(hasMemcached && hasOpenssl ? test.serial : test.serial.skip)(
  'TLS, with a certificate that is checked',
  async (t) => {
    const folder = temporary(t);
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1',
      ],
      ...[...subject, '-keyout', key, '-out', cert],
    ]);
    t.is(made.status, 0, String(made.stderr));
    const memcached = await Memcached.start(t);
    const [, port] = memcached.server.split(':');
    // What a memcached with TLS would do: decrypt, and answer.
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
      const inner = connect(Number(port), '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      socket.on('error', () => inner.destroy());
      inner.on('error', () => socket.destroy());
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const at = (server.address() as { port: number }).port;
    const asked = { profiles: [profileOfTurns(folder, TURNS)], threads: 1, tls: true, verify: true };
    const summary = await replay({ ...asked, server: `localhost:${at}`, ca: cert });
    t.deepEqual(summary.errors, {});
    t.is(summary.outcome.same, 2);
    t.is(summary.values.right, 1);
    // The authority is not known, or the certificate is for another name.
    await t.throwsAsync(replay({ ...asked, server: `localhost:${at}` }), {
      code: 'ERR_MEMBENCH_SERVER',
      message: /self.signed/i,
    });
    await t.throwsAsync(replay({ ...asked, server: `127.0.0.1:${at}`, ca: cert }), {
      code: 'ERR_MEMBENCH_SERVER',
      message: /altnames/i,
    });
  },
);
