/** What people type for a source that is none, and what they may have meant. */
import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MembenchError } from '../errors.js';

/** Interfaces named in a message at most: a host of containers has hundreds. */
const SHOWN = 8;
/** Linux lists those without an address here, too, which Node does not know of. */
const SYSFS = '/sys/class/net';
/** How a filter of tcpdump's begins (pcap-filter(7)). */
const FILTER = /^(tcp|udp|ip6?|host|net|port|portrange|src|dst|not|vlan|ether)\s/;

function interfaces(): string[] {
  const listed = existsSync(SYSFS) ? readdirSync(SYSFS) : [];
  return [...new Set([...Object.keys(networkInterfaces()), ...listed])].sort();
}

/** Whether a text is a filter expression, which membench has no use for: a recording is of ports. */
export function isFilter(text: string): boolean {
  return FILTER.test(text);
}

function hereAre(): string {
  const names = interfaces();
  const shown = names.slice(0, SHOWN).join(', ');
  return `interfaces here: ${shown}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}; any is all of them`;
}

/** An interface that is not there. */
export function noInterface(name: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_SOURCE', `${name}: there is no such interface`, hereAre());
}

/** A source without a scheme, or with one nobody knows, that is no file and no interface either. */
export function noSource(name: string): MembenchError {
  const error = (why: string, hint?: string) =>
    new MembenchError('ERR_MEMBENCH_SOURCE', `${name}: ${why}`, hint);
  if (name === '') {
    return new MembenchError(
      'ERR_MEMBENCH_USAGE',
      'the name of SOURCE is empty',
      'a variable that is not set?',
    );
  }
  if (isFilter(name))
    return error('it is a filter expression, not a source', 'membench record -p 11211 SOURCE');
  const neither = 'it is neither a file nor an interface';
  const [, host, port] = /^([^\s:/]+):(\d{1,5})$/.exec(name) ?? [];
  if (host !== undefined) {
    const how = `membench connects to no server, it records what passes an interface: membench record -p ${port} any`;
    return error(neither, how);
  }
  const [, scheme] = /^([A-Za-z]{2,}):/.exec(name) ?? [];
  if (scheme !== undefined)
    return error(`there is no source ${scheme}:`, 'file:PATH, ebpf:IF, afpacket:IF or pcap:IF');
  if (/^\d+([,-]\d+)*$/.test(name))
    return error(neither, `ports are named by -p: membench record -p ${name} SOURCE`);
  return error(neither, hereAre());
}
