/** Passes completed events into the open block, or to the host as records. */
import { appendEvent, appendConn } from './columns/block';
import { onEvents } from './host';
import { config, count } from './instance';
import {
  COUNTER_ANSWERED, COUNTER_EVENTS, COUNTER_HITS, COUNTER_MISSES, COUNTER_REQUESTS, COUNTER_UNANSWERED,
  EventRecord, PRESENT_KEY_INDEX, PRESENT_SUB, SIZEOF_EVENT_RECORD, STATUS_HIT, STATUS_MISS,
  STATUS_UNANSWERED,
} from './layout';

/** Number of events waiting in the event area. */
let waiting: u32 = 0;

/** Emits one event; the caller may change its record and emit it again for the next key. */
export function emit(event: EventRecord): void {
  if (event.sub) event.present |= 1 << PRESENT_SUB;
  if (event.keyIndex) event.present |= 1 << PRESENT_KEY_INDEX;
  count(COUNTER_EVENTS);
  if (event.status == STATUS_HIT) count(COUNTER_HITS);
  else if (event.status == STATUS_MISS) count(COUNTER_MISSES);
  if (event.keyIndex == 0) {
    count(COUNTER_REQUESTS);
    count(event.status == STATUS_UNANSWERED ? COUNTER_UNANSWERED : COUNTER_ANSWERED);
  }
  if (config.eventsOut == 0) {
    appendEvent(event);
    return;
  }
  memory.copy(
    <usize>config.events + <usize>waiting * SIZEOF_EVENT_RECORD, changetype<usize>(event),
    SIZEOF_EVENT_RECORD,
  );
  if (++waiting == config.eventCount) flushEvents();
}

/** Hands waiting events to the host. */
export function flushEvents(): void {
  if (waiting) onEvents(waiting);
  waiting = 0;
}

/** Emits a connection record, into blocks only. `kind` is CONN_KIND_*; addresses are hashes. */
export function emitConn(conn: u32, kind: u32, time: u64, client: u64, server: u64, port: u32): void {
  if (config.eventsOut == 0) appendConn(conn, kind, time, client, server, port);
}
