/** The report: the same sections, in the same order, as in the terminal. */
import type { Analysis } from '../../analyze/analysis.js';
import { SECTIONS, type SectionName } from '../../analyze/sections.js';
import { element } from '../elements.js';
import { connections } from './connections.js';
import { sizes, ttl } from './items.js';
import { keys, workingSet } from './keys.js';
import { latency } from './latency.js';
import { losses } from './losses.js';
import { memory } from './memory.js';
import { summary } from './summary.js';
import { time } from './time.js';
import { commands, split } from './workload.js';

type View = (analysis: Analysis) => HTMLElement[];

const VIEWS: Record<SectionName, [title: string, view: View]> = {
  summary: ['Summary', summary],
  memory: ['Memory', memory],
  commands: ['Commands', commands],
  split: ['Split', split],
  time: ['Over time', time],
  keys: ['Keys', keys],
  'working-set': ['Working set', workingSet],
  ttl: ['Times to live', ttl],
  sizes: ['Sizes', sizes],
  latency: ['Latency', latency],
  connections: ['Connections', connections],
  losses: ['Losses', losses],
};

/** The sections that have something to say, behind links to them. */
export function report(analysis: Analysis): HTMLElement[] {
  const made = SECTIONS.map((name) => ({
    name,
    title: VIEWS[name][0],
    parts: VIEWS[name][1](analysis),
  })).filter(({ parts }) => parts.length > 0);
  return [
    element('nav', {}, ...made.map(({ name, title }) => element('a', { href: `#${name}` }, title))),
    ...made.map(({ name, title, parts }) =>
      element('section', { id: name }, element('h2', {}, title), ...parts),
    ),
  ];
}
