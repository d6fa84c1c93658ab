/**
 * Payload of TCP and UDP by what became of it, bytes; seen = recorded + repeated + Σunsynced + gap +
 * Σskipped.
 */
export interface Payload {
  /** Payload of the packets of all connections, by its length on the wire. */
  seen: number;
  /** Payload of requests and answers that are events, uncaptured parts of values included. */
  recorded: number;
  /** Payload of segments that were retransmitted, or captured twice. */
  repeated: number;
  /**
   * Payload that was not understood, by reason: `mid_stream` before a request was proven, `after_gap`,
   * `not_understood`, `contradictory` where overlapping segments differ, `incomplete` where the rest of a
   * line never came.
   */
  unsynced: Record<string, number>;
  /** Payload given up: not captured outside of values, or without memory to keep it. */
  gap: number;
  /**
   * Payload that is not read, by reason: `tls`, `stray`, `after_quit`, `stream` (watch), `proxy_header`, and
   * `refused`: what no receiver accepts, beyond its window for example, or an urgent byte.
   */
  skipped: Record<string, number>;
  /** Payload never seen, in holes that the other side acknowledged; not part of `seen`. */
  missing: number;
}

/**
 * Payload by the counters of a recording; a profile of an earlier release has none, and all numbers are 0.
 */
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
