/** Sections of the report, in order. */
export const SECTIONS = [
  'summary',
  'memory',
  'commands',
  'split',
  'time',
  'keys',
  'working-set',
  'ttl',
  'sizes',
  'latency',
  'connections',
  'losses',
] as const;

export type SectionName = (typeof SECTIONS)[number];
