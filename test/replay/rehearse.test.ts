/** The requests that are sent to nowhere are as real ones: each is answered, and counted. */
import test from 'ava';
import { rehearse } from '#src/replay/rehearse.js';

for (const asap of [false, true])
  test(`every made-up request is answered${asap ? ', asap' : ''}`, async (t) => {
    const tally = await rehearse({
      ...{ address: { host: '', port: 0 }, login: null, asap, compressible: 0, fill: false, changed: null },
      ...{ timeout: 1, maxErrors: 0, clients: [] },
    });
    t.is(tally.errors, 0);
    t.is(tally.commands, 6000);
    t.is(tally.requests, 5400);
    t.is(
      tally.ops.reduce((sum, op) => sum + (op?.latency.total ?? 0), 0),
      5400,
    );
    t.true(tally.ops.every((op) => op === undefined || op.count > 0));
  });
