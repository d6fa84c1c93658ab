/**
 * A short hunt with a fresh seed in every run of the suite: conversations, whole and hostile, split, lost,
 * doubled and reordered, and mutated capture files, for the parser and its scalar twin.
 *
 * MEMBENCH_FUZZ_SECONDS says how long each takes, MEMBENCH_SEED where to begin: a seed that is told runs alone.
 */
import test, { type ExecutionContext } from 'ava';
import { freshSeed, type Hunted, hunt } from './hunt.js';

const SECONDS = Number(process.env.MEMBENCH_FUZZ_SECONDS ?? 3);
const TOLD = process.env.MEMBENCH_SEED;

async function hunted(t: ExecutionContext, name: string): Promise<Hunted> {
  t.timeout((SECONDS + 240) * 1000);
  const seed = TOLD === undefined ? freshSeed() : Number(TOLD);
  const length = TOLD === undefined ? { seconds: SECONDS } : { executions: 1 };
  const result = await hunt({ prey: new URL(`${name}.js`, import.meta.url), seed, ...length });
  const { found, executions } = result;
  t.log(`fuzzing ${name}: ${executions} from seed ${seed} on`);
  if (found !== null) {
    const { length } = found.capture;
    // What is too long to be read is made again by its seed.
    if (length <= 20_000) t.log(`the capture, in base64: ${Buffer.from(found.capture).toString('base64')}`);
    t.fail(`MEMBENCH_SEED=${found.seed}: ${found.kind}: ${found.message}`);
  }
  t.true(executions > 0);
  return result;
}

test.serial('conversations: no trap, nothing unaccounted, the twins agree, memory is fixed', async (t) => {
  const { counters } = await hunted(t, 'conversations');
  // It would find nothing that understood nothing.
  t.true(counters.answered! > 0);
});

test.serial('capture files: the same, in whatever pieces they are read', async (t) => {
  await hunted(t, 'files');
});

test.serial('a parser that does not come to its end is stopped, and told of by its seed', async (t) => {
  const { found, executions } = await hunt({
    prey: new URL('stuck.js', import.meta.url),
    seed: 40,
    executions: 10,
    patience: 3,
  });
  t.like(found, { kind: 'hang', seed: 43 });
  t.is(executions, 4);
});

test.serial('what is found is told of by its seed, with the capture', async (t) => {
  const { found } = await hunt({ prey: new URL('stuck.js', import.meta.url), seed: 50, executions: 10 });
  t.like(found, { kind: 'trap', seed: 55, message: 'unreachable' });
  t.deepEqual(found?.capture, Buffer.from([55]));
});
