/** Events of a capture that lacks something, held against those of all of it. */
import type { CacheEvent } from 'membench/decoder';

/** What was asked, and when. */
const asked = ({ ts_ns, op, key, key_size, mode, ttl, delta, cas, quiet, meta_flags }: CacheEvent) =>
  JSON.stringify([ts_ns, op, key, key_size, mode, ttl, delta, cas, quiet, meta_flags]);
/** And what was answered. */
export const whole = (event: CacheEvent) =>
  asked(event) + JSON.stringify([event.status, event.value_size, event.flags]);

/** Events that are not in the truth. One left unanswered only has to have been asked. */
export function invented(events: readonly CacheEvent[], truth: readonly CacheEvent[]): CacheEvent[] {
  const left = new Map<string, number>();
  const add = (name: string, by: number) => left.set(name, (left.get(name) ?? 0) + by);
  for (const event of truth) {
    add(whole(event), 1);
    add(asked(event), 1);
  }
  return events.filter((event) => {
    const name = event.status === 'unanswered' ? asked(event) : whole(event);
    if (!left.get(name)) return true;
    add(name, -1);
    if (event.status !== 'unanswered') add(asked(event), -1);
    return false;
  });
}
