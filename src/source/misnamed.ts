/** Errors for names that are no source, with what the user may have meant. */
import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MembenchError } from '../errors.js';

/** Most interfaces named in a message: a host of containers has hundreds. */
const SHOWN = 8;
/** Folder in which Linux lists all interfaces, those without an address too, which Node does not list. */
const SYSFS = '/sys/class/net';
/** The first words of a filter expression of tcpdump (pcap-filter(7)). */
const FILTER = /^(tcp|udp|ip6?|host|net|port|portrange|src|dst|not|vlan|ether)\s/;

function interfaces(): string[] {
  const listed = existsSync(SYSFS) ? readdirSync(SYSFS) : [];
  return [...new Set([...Object.keys(networkInterfaces()), ...listed])].sort();
}

/** Whether a text is a filter expression, which membench does not take: it filters by ports only. */
export function isFilter(text: string): boolean {
  return FILTER.test(text);
}

function hereAre(any = true): string {
  const names = interfaces();
  const shown = names.slice(0, SHOWN).join(', ');
  return `interfaces here: ${shown}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}${any ? '; any is all of them' : ''}`;
}

/** The error for an interface that does not exist. `any`: whether all of them could be named, too. */
export function noInterface(name: string, any = true): MembenchError {
  return new MembenchError('ERR_MEMBENCH_SOURCE', `${name}: there is no such interface`, hereAre(any));
}

/** The error for a source without a known scheme that is neither a file nor an interface. */
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
  if (/[*?]/.test(name)) return error(neither, 'no file matches this pattern, so the shell left it as it is');
  return error(neither, hereAre());
}
