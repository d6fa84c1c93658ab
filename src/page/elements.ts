/** Makes DOM elements; texts are never interpreted as markup. */

export type Child = Node | string | null;

/** Makes an element with properties and children; null children are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element with an id, which page.html must have. */
export function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A text in which no line ends between a number and its unit. */
export function kept(text: string): string {
  return text.replaceAll(/(\d) (?=%|[kMGT]?i?B\b|[nµm]?s\b|min\b|[hdkMG]\b|×)/g, '$1\u00a0');
}

/** A paragraph below a title. */
export function note(text: string, className = 'note'): HTMLElement {
  return element('p', { className }, kept(text));
}

export interface Table {
  head: readonly string[];
  rows: readonly (readonly Child[])[];
}

/** Columns above which a row becomes a small block of its own on a phone. */
const COLUMNS_MAX = 4;

/** A table: the first column is aligned to the left, the others to the right. */
export function table({ head, rows }: Table): HTMLElement {
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...row.map((content, i) => {
        const cell = element('td', {}, content);
        cell.dataset.label = head[i] ?? '';
        return cell;
      }),
    ),
  );
  return element(
    'table',
    { className: head.length > COLUMNS_MAX ? 'stacks' : '' },
    element('thead', {}, element('tr', {}, ...head.map((text) => element('th', {}, text)))),
    element('tbody', {}, ...body),
  );
}

/** A box with a title, half as wide as the page where there is room. */
export function box(title: string, ...children: readonly Child[]): HTMLElement {
  return element('figure', { className: 'half' }, element('figcaption', {}, title), ...children);
}

/** The same as wide as the page. */
export function wholeBox(title: string, ...children: readonly Child[]): HTMLElement {
  return element('figure', {}, element('figcaption', {}, title), ...children);
}

/** Rows of a table behind a chart at most. */
const ROWS_MAX = 1000;

/** The numbers of a chart; the table is made when it is opened first. */
export function details({ head, rows }: Table): HTMLElement {
  const made = element('details', {}, element('summary', {}, 'Numbers'));
  made.addEventListener('toggle', () => {
    if (made.childElementCount > 1) return;
    made.append(table({ head, rows: rows.slice(0, ROWS_MAX) }));
    const more = rows.length - ROWS_MAX;
    if (more > 0) made.append(note(`and ${more} rows more, which --json has`));
  });
  return made;
}

/** A share, from 0 to 1, as a bar. */
export function shareBar(share: number): HTMLElement {
  const filled = element('i');
  filled.style.width = `${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%`;
  return element('span', { className: 'share' }, filled);
}
