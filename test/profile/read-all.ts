/** Everything that reads profiles, at once, and what each must say. */
import type { Analysis } from 'membench';
import {
  type BlockName,
  type CacheEvent,
  type Damage,
  MembenchError,
  openProfile,
  readEvents,
  type Verification,
  verifyProfile,
} from 'membench/profile';
import { analyze } from '#src/analyze/files.js';

export interface Read {
  events: CacheEvent[];
  missing: BlockName[];
  damage: readonly Damage[];
  footer: boolean;
  verification: Verification;
  analysis?: Analysis;
}

export interface ReadAll extends Read {
  analysis: Analysis;
}

/** What the readers make of a file, or the error all of them refuse it with. Any other error is thrown. */
export function readAll(path: string): Promise<ReadAll | MembenchError> {
  return readBy<ReadAll>([...readersOf(path), async () => ({ analysis: await analyze([path]) })]);
}

/** The same without an analysis, which takes as long as all else five times. */
export function readUnanalyzed(path: string): Promise<Read | MembenchError> {
  return readBy<Read>(readersOf(path));
}

type Reader = () => object | Promise<object>;

const readersOf = (path: string): Reader[] => [
  () => {
    using profile = openProfile(path);
    const events = [...readEvents(profile)];
    return { events, missing: profile.missing(), damage: profile.damage, footer: profile.footer !== null };
  },
  () => ({ verification: verifyProfile(path) }),
];

async function readBy<Made extends Read>(readers: readonly Reader[]): Promise<Made | MembenchError> {
  const results: (object | MembenchError)[] = [];
  for (const read of readers) {
    try {
      results.push(await read());
    } catch (error) {
      if (!(error instanceof MembenchError)) throw error;
      results.push(error);
    }
  }
  const errors = results.filter((result) => result instanceof MembenchError);
  if (errors.length === 0) return Object.assign({}, ...results);
  if (errors.length < results.length || errors.some(({ message }) => message !== errors[0]!.message)) {
    throw new Error(`the readers do not agree: ${errors[0]!.message}`);
  }
  return errors[0]!;
}

/** Events as sorted texts, but for the numbers that follow from those before them. */
export function textsOf(events: readonly CacheEvent[]): string[] {
  return events.map((event) => JSON.stringify({ ...event, conn: 0, request: 0 })).sort();
}
