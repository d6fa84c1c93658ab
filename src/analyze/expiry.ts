/** Seconds up to which a TTL counts from now; above, it is a Unix time: memcached's protocol.txt, "Expiration times". */
const RELATIVE_MAX = 60 * 60 * 24 * 30;

/** What a TTL means for an item stored or touched at `time`; times in nanoseconds since `originNs` (Unix). */
export function expiryOf(ttl: number, time: number, originNs: number): number {
  if (ttl === 0 || Number.isNaN(ttl)) return Number.POSITIVE_INFINITY;
  if (ttl < 0) return time;
  return ttl > RELATIVE_MAX ? ttl * 1e9 - originNs : time + ttl * 1e9;
}

/** Seconds an item was to live from now, whichever way that was said; null: for ever. */
export function secondsOf(ttl: number, time: number, originNs: number): number | null {
  const expiry = expiryOf(ttl, time, originNs);
  return expiry === Number.POSITIVE_INFINITY ? null : Math.max(0, Math.round((expiry - time) / 1e9));
}
