import type { Analysis } from '../../analyze/analysis.js';
import { bytes, count, percent } from '../../analyze/format.js';
import { when } from '../../analyze/report/lines.js';
import { box, note, table } from '../elements.js';
import { figure, share } from './figure.js';
import { caveatList } from './summary.js';

/** Notes of the recording that are listed. */
const NOTES_SHOWN = 100;

const words = (name: string) => name.replaceAll('_', ' ');

/** What was not seen or not understood. */
export function losses({ loss, payload, notes, caveats, complete }: Analysis): HTMLElement[] {
  const packets: [string, number][] = [
    ...Object.entries(loss.lost).map(([why, n]): [string, number] => [`lost: ${words(why)}`, n]),
    ...Object.entries(loss.skipped).map(([why, n]): [string, number] => [`not decoded: ${words(why)}`, n]),
  ];
  const others: [string, string][] = [
    ['holes in the byte streams', count(loss.gaps)],
    ['payload never seen', bytes(payload.missing)],
    ...Object.entries(loss.bounds).map(([name, n]): [string, string] => [
      `limit reached: ${words(name)}`,
      count(n),
    ]),
    ['blocks missing', count(loss.missing_blocks)],
    ['damaged', bytes(loss.damaged_bytes)],
  ];
  const all = [...packets.map(([name, n]): [string, string] => [`packets ${name}`, count(n)]), ...others];
  const rows = all.filter(([, n]) => !/^0( |$)/.test(n));
  return [
    ...payloadFigure(payload),
    box(
      'Losses',
      rows.length === 0 ? note('none') : table({ head: ['', ''], rows }),
      complete ? null : note('The profile is not complete: blocks or its footer are missing.', 'note warn'),
    ),
    ...(caveats.length === 0 ? [] : [box('What that means for the figures', caveatList(caveats))]),
    ...(notes.length === 0
      ? []
      : [
          box(
            'While recording',
            table({
              head: ['UTC', ''],
              rows: notes.slice(0, NOTES_SHOWN).map(({ at_ns, what }) => [when(at_ns).slice(0, 19), what]),
            }),
            notes.length > NOTES_SHOWN ? note(`and ${count(notes.length - NOTES_SHOWN)} more`) : null,
          ),
        ]),
  ];
}

/** Payload by what became of it; profiles of early releases do not tell. */
function payloadFigure(payload: Analysis['payload']): HTMLElement[] {
  if (payload.seen === 0) return [];
  const fates: [string, number][] = [
    ['recorded', payload.recorded],
    ['repeated', payload.repeated],
    ...Object.entries(payload.unsynced).map(([why, n]): [string, number] => [
      `not understood: ${words(why)}`,
      n,
    ]),
    ['given up', payload.gap],
    ...Object.entries(payload.skipped).map(([why, n]): [string, number] => [`not read: ${words(why)}`, n]),
    ['never seen', payload.missing],
  ];
  const most = Math.max(payload.seen, payload.missing);
  const nameAt = (at: number) => fates[Math.round(at)]?.[0] ?? '';
  return [
    figure(
      'Payload, by what became of it',
      {
        x: { kind: 'names', show: nameAt },
        y: { kind: 'linear', show: share, most: 1 },
        at: fates.map((_, i) => i),
        lines: [
          {
            label: 'share',
            colour: 'blue',
            values: fates.map(([, n]) => n / most),
            as: 'bars',
            show: percent,
          },
        ],
      },
      {
        head: ['', 'bytes', 'share'],
        rows: fates.map(([name, n]) => [name, count(n), percent(n / payload.seen)]),
      },
      {
        text: `${percent(payload.recorded / payload.seen)} of ${bytes(payload.seen)} is in what was recorded`,
      },
    ),
  ];
}
