/** Makes DOM elements; text is always text, never markup. */

type Child = Node | string | null;

/** An element with properties and children; children that are null are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element of an id, which page.html has. */
export function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A panel with a title. */
export function panel(title: string, width: 'whole' | 'half', ...children: readonly Child[]): HTMLElement {
  const className = width === 'half' ? 'panel half' : 'panel';
  return element('section', { className }, element('h2', {}, title), ...children);
}

/**
 * A table that scrolls by itself where it is too wide: the first column to the left, the others to the right.
 */
export function table(head: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const line = (cells: readonly Child[], cell: 'th' | 'td') =>
    element('tr', {}, ...cells.map((content) => element(cell, {}, content)));
  return element(
    'div',
    { className: 'wide' },
    element(
      'table',
      {},
      element('thead', {}, line(head, 'th')),
      element('tbody', {}, ...rows.map((row) => line(row, 'td'))),
    ),
  );
}

/** A share of 1 as a bar. */
export function shareBar(share: number): HTMLElement {
  const filled = element('i');
  filled.style.width = `${(100 * share).toFixed(1)}%`;
  return element('span', { className: 'share' }, filled);
}

/** A histogram: a label, a bar and a count for each row. */
export function bars(rows: readonly [label: string, count: number, text: string][]): HTMLElement {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const cells = rows.flatMap(([label, count, text]) => {
    const bar = element('div');
    bar.style.width = `${((100 * count) / most).toFixed(1)}%`;
    return [element('span', {}, label), bar, element('span', {}, text)];
  });
  return element('div', { className: 'bars' }, ...cells);
}
