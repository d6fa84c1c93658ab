import { redraw } from './chart.js';

/** CSS pixels of a chart on paper, which all common sizes have. */
const WIDTH = 640;

/** On paper the page is light, all tables are open, and charts fit. */
export function printable(): void {
  let theme: string | undefined;
  let opened: HTMLDetailsElement[] = [];
  addEventListener('beforeprint', () => {
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    opened = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
    for (const one of opened) {
      // The event that makes the table would come too late.
      one.dispatchEvent(new Event('toggle'));
      one.open = true;
    }
    redraw(() => WIDTH);
  });
  addEventListener('afterprint', () => {
    for (const one of opened) one.open = false;
    if (theme === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    redraw();
  });
}
