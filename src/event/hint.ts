/**
 * The likely cause where a recording understood little of its traffic, and what to do: one line for users. It
 * is derived from the counters alone, so that it can be told again from a profile. test/cli/hints.test.ts has
 * a table of captures and their hints.
 */
import { type Payload, payloadOf } from './payload.js';

/** Server ports as inclusive ranges. */
type Ports = readonly (readonly [first: number, last: number])[];
type Counts = Readonly<Record<string, number>>;

/** Prefix of the counters of packets on other ports that look like memcached; the port follows. */
export const ELSEWHERE_PREFIX = 'elsewhere_';

/** Most ports named in a hint. */
const PORTS_SHOWN = 4;
/** Least packets on another port that look like memcached; a single one may be chance. */
const ELSEWHERE_MIN = 2;
/** A recording is poor where more than this share of the payload was not understood. */
const POOR = 0.1;
/** Reasons of skipped packets that mean a tunnel. */
const TUNNELS = ['vxlan', 'geneve', 'gre', 'ipip', 'esp'];

/** Input of the rules. */
interface Facts {
  counts: Counts;
  one(name: string): number;
  payload: Payload;
  ports: Ports;
  /** Whether little was understood. */
  poor: boolean;
}

/** Returns a hint where the rule applies. */
type Rule = (facts: Facts) => string | undefined;

const number = (n: number) => n.toLocaleString('en-US');
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const listOf = (ports: Ports) => ports.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(',');
const nameOf = (ports: Ports) =>
  `port${ports.length === 1 && ports[0]![0] === ports[0]![1] ? '' : 's'} ${listOf(ports)}`;

/** The first rule that applies gives the hint: causes that explain everything come before those of a part. */
const RULES: readonly Rule[] = [
  noPackets,
  otherPort,
  insideTunnel,
  underTls,
  overlapping,
  oneDirection,
  noneOfThePort,
  twoPoints,
  cut,
  midStream,
  lost,
  notMemcached,
  noPayload,
  twoClocks,
];

/**
 * The hint, or null where enough was understood.
 *
 * @param counts a recording's counters by name, those of the footer included
 * @param ports the server ports that were recorded
 */
export function hintOf(counts: Counts, ports: Ports): string | null {
  const one = (name: string) => counts[name] ?? 0;
  const payload = payloadOf(counts);
  const dark = Object.values(payload.unsynced).reduce((sum, bytes) => sum + bytes, payload.gap);
  const facts = { counts, one, payload, ports, poor: one('requests') === 0 || dark > POOR * payload.seen };
  for (const rule of RULES) {
    const line = rule(facts);
    if (line !== undefined) return line;
  }
  return null;
}

/** Time without any request after which a live recording gives a hint, seconds. */
export const WITHOUT_REQUEST = 10;

/** The hint after WITHOUT_REQUEST. */
export function silenceHint(ports: Ports): string {
  return `no request for ${WITHOUT_REQUEST} s: is the server on ${nameOf(ports)} (-p), and does its traffic pass this interface (any is all of them)?`;
}

function noPackets({ one, ports }: Facts): string | undefined {
  if (one('packets_seen') > 0 || one('requests') > 0) return undefined;
  return `no packet was captured: was there traffic on ${nameOf(ports)} at that time, and on that interface?`;
}

function otherPort({ counts, one, ports }: Facts): string | undefined {
  const found = Object.entries(counts)
    .filter(([name, packets]) => name.startsWith(ELSEWHERE_PREFIX) && packets >= ELSEWHERE_MIN)
    .map(([name, packets]): [number, number] => [Number(name.slice(ELSEWHERE_PREFIX.length)), packets])
    .sort(([, a], [, b]) => b - a);
  const packets = found.reduce((sum, [, n]) => sum + n, 0);
  if (packets === 0 || packets < 2 * one('requests')) return undefined;
  const others: Ports = found
    .slice(0, PORTS_SHOWN)
    .map(([port]) => [port, port] as const)
    .sort(([a], [b]) => a - b);
  const wanted = one('requests') > 0 ? [...ports, ...others] : others;
  return `what looks like memcached was seen on ${nameOf(others)}, but -p says ${listOf(ports)}: membench record -p ${listOf(wanted)}`;
}

function insideTunnel({ one }: Facts): string | undefined {
  const found = TUNNELS.filter((name) => one(`skipped_${name}`) > 0);
  const packets = found.reduce((sum, name) => sum + one(`skipped_${name}`), 0);
  if (packets === 0 || packets < one('packets_decoded')) return undefined;
  const all = found.map((name) => `${name} ${number(one(`skipped_${name}`))}`).join(', ');
  return `packets inside a tunnel were not looked at (${all}): capture on the interface inside it`;
}

function underTls({ one, payload }: Facts): string | undefined {
  const tls = payload.skipped.tls ?? 0;
  if (tls === 0 || tls < payload.recorded) return undefined;
  return `the traffic is under TLS (${number(one('skipped_tls'))} packets), which cannot be read from the wire: capture where it is plain, behind the proxy that ends TLS`;
}

function overlapping({ one }: Facts): string | undefined {
  if (one('captures_overlapping') === 0) return undefined;
  return 'captures overlap in time, as those of two hosts do, and what both saw may be counted twice: record one of them, or merge them first (mergecap -w all.pcap FILE FILE; membench record all.pcap)';
}

function oneDirection({ one, ports }: Facts): string | undefined {
  const flows = one('flows');
  const answersOnly = one('flows_without_client');
  const requestsOnly = one('flows_without_server');
  if (flows === 0 || 2 * (answersOnly + requestsOnly) < flows) return undefined;
  const [there, missing, filter] =
    answersOnly > requestsOnly ? ['answers', 'requests', 'src'] : ['requests', 'answers', 'dst'];
  const port = ports[0]?.[0] ?? 11211;
  return `only one direction was captured: the ${there} are there, the ${missing} are missing (tcpdump 'port ${port}' takes both, '${filter} port ${port}' does not; a mirror port may send one)`;
}

function noneOfThePort({ one, ports }: Facts): string | undefined {
  const seen = one('packets_seen');
  if (one('packets_decoded') > 0 || one('skipped_stray') > 0) return undefined;
  if (one('skipped_sampled') > 0)
    return '--sample chose none of the connections: take a larger share, or all';
  if (2 * one('skipped_cut_header') > seen) {
    return `the packets are cut before their headers end${at(one)}: capture whole ones (tcpdump -s 0)`;
  }
  if (2 * one('skipped_linktype') > seen) {
    return 'the packets are of a link that is not known: capture on an interface with IP traffic';
  }
  if (2 * one('skipped_fragment') > seen) {
    return 'the packets are fragments of datagrams that did not become whole: capture all of them';
  }
  return `none of ${number(seen)} packets is of ${nameOf(ports)}: -p names the ports of the servers (membench record -p 11311,11312)`;
}

/** The mean size to which packets are cut, in words. */
function at(one: Facts['one']): string {
  const cutPackets = one('packets_cut');
  return cutPackets === 0 ? '' : ` (at ${number(Math.round(one('cut_captured') / cutPackets))} bytes)`;
}

function twoPoints({ one, poor }: Facts): string | undefined {
  if (!poor || 4 * one('duplicates') < one('packets_decoded') || one('duplicates') === 0) return undefined;
  return `the same connections were captured at two points (${number(one('duplicates'))} packets twice): capture on one interface of one host`;
}

function cut({ one, poor, payload }: Facts): string | undefined {
  const packets = one('packets_cut');
  if (!poor || packets === 0 || 20 * packets < one('packets_decoded')) return undefined;
  const bytes = number(Math.round(one('cut_captured') / packets));
  const share =
    payload.seen > 0
      ? ` and ${percent(1 - payload.recorded / payload.seen)} of the payload was not understood`
      : '';
  return `packets are cut at ${bytes} bytes (${number(packets)} of them)${share}: capture whole ones (tcpdump -s 0; membench record without -s)`;
}

function midStream({ one, poor, payload }: Facts): string | undefined {
  const bytes = payload.unsynced.mid_stream ?? 0;
  if (!poor || bytes <= POOR * payload.seen) return undefined;
  const more =
    one('requests') === 0
      ? '; here no answer came that proves where a request begins: record for longer'
      : '';
  return `${percent(bytes / payload.seen)} of the payload belongs to connections joined in mid-stream, before a first request was proven: in the first seconds this is normal and not a loss${more}`;
}

function lost({ one, poor, payload }: Facts): string | undefined {
  const dropped = one('lost_by_kernel') + one('lost_ring_full') + one('lost_copy_failed');
  const holes = payload.missing + payload.gap + (payload.unsynced.after_gap ?? 0);
  if (!poor || holes <= POOR * payload.seen) return undefined;
  const told = dropped > 0 ? ` (${number(dropped)} packets dropped)` : '';
  return `packets are missing from the capture${told}: give it a larger buffer (tcpdump -B 65536; membench record -B 256M), or record a part of the connections (--sample 1/10)`;
}

function notMemcached({ one, poor, payload, ports }: Facts): string | undefined {
  const strange = (payload.unsynced.not_understood ?? 0) + (payload.skipped.stray ?? 0);
  if (!poor || strange <= POOR * payload.seen || one('packets_seen') === 0) return undefined;
  return `${percent(strange / payload.seen)} of the payload of ${nameOf(ports)} was not understood: another program may be there, or a proxy or a server with a dialect of its own`;
}

function noPayload({ one, payload, ports }: Facts): string | undefined {
  if (one('requests') > 0 || payload.seen > 0) return undefined;
  return `the ${number(one('packets_decoded'))} packets of ${nameOf(ports)} carry no payload: the connections were idle, so record for longer`;
}

function twoClocks({ one }: Facts): string | undefined {
  const unknown = one('unknown_latency');
  // Without duplicates they are of requests whose ends are missing.
  if (one('duplicates') === 0 || unknown <= POOR * one('answered')) return undefined;
  return `${percent(unknown / one('answered'))} of the latencies are not known: the same connections were captured at two points, and their clocks differ by as much: record the capture of one host`;
}
