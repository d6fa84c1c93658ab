/** The way out: an event with its outcome goes into the open block, or to the host as it is. */
import { append, appendConn } from './columns/block';
import { onEvents } from './host';
import { config, count } from './instance';
import {
  COUNTER_ANSWERED, COUNTER_EVENTS, COUNTER_HITS, COUNTER_MISSES, COUNTER_REQUESTS, COUNTER_UNANSWERED,
  EventRecord, PRESENT_KEY_INDEX, PRESENT_SUB, SIZEOF_EVENT_RECORD, STATUS_HIT, STATUS_MISS,
  STATUS_UNANSWERED,
} from './layout';

/** Events waiting in the area the host reads. */
let waiting: u32 = 0;

/** Records one event; its record may be changed and emitted again for the next key. */
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
    append(event);
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

/** Records that a connection opened or closed; only profiles keep that. */
export function emitConn(conn: u32, kind: u32, time: u64, client: u64, server: u64, port: u32): void {
  if (config.eventsOut == 0) appendConn(conn, kind, time, client, server, port);
}
