/**
 * Conversations in Markdown: prose, bytes, expected events.
 *
 * `## B01, B08: title` begins one; the ids are rows of the protocol's acceptance table. Blocks fenced as
 * `client` and `server` follow in the order they go over the wire; `events` holds one JSON object a line,
 * the fields to be compared, with `key` in clear; `} *N` at its end repeats it. Line breaks in a block mean
 * nothing; escapes are \r \n \0 \xNN \\ and {text*N} repeats. In `client binary` and `server binary` every line is one message, as
 * `messageOf` reads it, in `client udp` and `server udp` one datagram, as `datagramsOf` does. A block `memcached` says that a real one, started with the options in it, answers so; a
 * block `skipped` names the counter of what is recognised and not parsed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { messageOf } from './binary.js';
import { ascii, type Turn } from './conversation.js';
import { type Datagram, datagramsOf } from './datagrams.js';

export interface Conversation {
  file: string;
  title: string;
  rows: string[];
  turns: Turn[];
  /** What goes over UDP instead. */
  datagrams: Datagram[];
  events: Record<string, unknown>[];
  /** Options of a real memcached that answers as here, where one does. */
  memcached: string[] | undefined;
  /** Counter of packets that are not parsed, where there are such. */
  skipped: string | undefined;
}

function unfold(text: string): string {
  return text
    .replaceAll(/\r?\n/g, '')
    .replaceAll(/\{([^{}]*)\*(\d+)\}/g, (_, part: string, times: string) => part.repeat(Number(times)))
    .replaceAll(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) => {
      if (code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return { r: '\r', n: '\n', 0: '\0', '\\': '\\' }[code] ?? code;
    });
}

function messages(lines: string[], from: 'client' | 'server'): Uint8Array {
  return Buffer.concat(lines.map((line) => messageOf(line, from, unfold)));
}

const FOLDER = 'test/conversations';

/** Every conversation, in file order. */
export function loadConversations(): Conversation[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .flatMap((file) => {
      const sections = readFileSync(`${FOLDER}/${file}`, 'utf8').split(/^## /m).slice(1);
      return sections.map((section) => {
        const [heading = ''] = section.split('\n', 1);
        const [ids = '', ...title] = heading.split(':');
        const turns: Turn[] = [];
        const datagrams: Datagram[] = [];
        let events: Record<string, unknown>[] = [];
        let memcached: string[] | undefined;
        let skipped: string | undefined;
        const blocks = section.matchAll(
          /^```(client|server|events|memcached|skipped)( binary| udp)?\n([\s\S]*?)^```/gm,
        );
        for (const [, kind, form, body] of blocks) {
          if (kind === 'memcached') memcached = body!.split(/\s+/).filter(Boolean);
          else if (kind === 'skipped') skipped = body!.trim();
          else if (kind === 'events')
            events = body!
              .trim()
              .split('\n')
              .filter(Boolean)
              .flatMap((line) => {
                const [, event = line, times = '1'] = /^(.*\}) \*(\d+)$/.exec(line) ?? [];
                return Array.from({ length: Number(times) }, () => JSON.parse(event));
              });
          else {
            const from = kind as 'client' | 'server';
            const lines = body!.split('\n').filter((line) => line.trim() !== '');
            if (form === ' udp') datagrams.push(...lines.flatMap((line) => datagramsOf(line, from, unfold)));
            else turns.push({ from, bytes: form ? messages(lines, from) : ascii(unfold(body!)) });
          }
        }
        return {
          file,
          title: `${ids}:${title.join(':')}`,
          rows: ids.split(',').map((id) => id.trim()),
          turns,
          datagrams,
          events,
          memcached,
          skipped,
        };
      });
    });
}
