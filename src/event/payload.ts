/** What became of the payload of TCP and UDP, in bytes; seen = recorded + repeated + Σunsynced + gap + Σskipped. */
export interface Payload {
  /** In packets of connections, as long as they were on the wire. */
  seen: number;
  /** In requests and answers that are events, values that were not captured whole included. */
  recorded: number;
  /** Of segments that were sent, or captured, again. */
  repeated: number;
  /**
   * Nothing was learned from them: `mid_stream` before a request was proven, `after_gap`, `not_understood`,
   * `contradictory` where copies of a segment differ, `incomplete` where the rest of a line never came.
   */
  unsynced: Record<string, number>;
  /** Given up: not captured outside of values, or no memory for them. */
  gap: number;
  /**
   * Of traffic that is not read: `tls`, `stray`, `after_quit`, `stream` (watch), `proxy_header`, and `refused`, which no
   * receiver takes: beyond its window, say, or the urgent byte.
   */
  skipped: Record<string, number>;
  /** Never seen: holes that the other side acknowledged. They are no part of `seen`. */
  missing: number;
}

/** The payload's account by the counters of a recording; a profile of an earlier release has none, and all is 0. */
export function payloadOf(counters: Readonly<Record<string, number>>): Payload {
  const one = (name: string) => counters[`payload_${name}`] ?? 0;
  const named = (prefix: string) =>
    Object.fromEntries(
      Object.entries(counters)
        .filter(([name, bytes]) => name.startsWith(prefix) && bytes > 0)
        .map(([name, bytes]) => [name.slice(prefix.length), bytes]),
    );
  return {
    seen: one('seen'),
    recorded: one('recorded'),
    repeated: one('repeated'),
    unsynced: named('payload_unsynced_'),
    gap: one('gap'),
    skipped: named('payload_skipped_'),
    missing: one('missing'),
  };
}
