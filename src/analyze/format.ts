/** Formats numbers for users. */

/** 1,203,441. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1 connection, 1,203,441 connections. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;
}

/** Formats a value in the largest unit in which it is at least 1, with one decimal below 100. */
function scaled(value: number, units: readonly string[], base: number): string {
  let at = 0;
  let left = value;
  const text = () => left.toFixed(at === 0 || left >= 99.95 ? 0 : 1);
  // A value that rounds to 1 of the next unit has that unit: 1.0 MB, not 1000 kB.
  while (at < units.length - 1 && Number(text()) >= base) {
    left /= base;
    at++;
  }
  return `${text()} ${units[at]}`;
}

/** 18.2 MB, in powers of 1000. */
export function bytes(value: number): string {
  return scaled(value, ['B', 'kB', 'MB', 'GB', 'TB'], 1000);
}

/** 12.3 µs. */
export function nanoseconds(value: number): string {
  return scaled(value, ['ns', 'µs', 'ms', 's'], 1000);
}

/** 61.0 s, or 2 h 05 min. */
export function seconds(value: number): string {
  if (value < 120) return `${value.toFixed(1)} s`;
  if (value < 7200)
    return `${Math.floor(value / 60)} min ${String(Math.floor(value % 60)).padStart(2, '0')} s`;
  return `${Math.floor(value / 3600)} h ${String(Math.floor((value % 3600) / 60)).padStart(2, '0')} min`;
}

/** 87.4 %. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
