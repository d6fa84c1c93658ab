/** What tests of the page do in a browser. */
import test, { type ExecutionContext } from 'ava';
import { Browser, whyNoBrowser } from '#bench/measure/chromium.js';

export const browsing = whyNoBrowser === '' ? test.serial : test.serial.skip;
export const titled = (title: string) => `${title}${whyNoBrowser && ` (${whyNoBrowser})`}`;

let started: Promise<Browser> | undefined;
test.after.always('the browser is closed', async () => (await started)?.close());

/** The browser, which all tests of a file share, with a window of ordinary size. */
export async function browser(t: ExecutionContext): Promise<Browser> {
  t.timeout(120_000);
  started ??= Browser.start();
  const tab = await started;
  await tab.look(1280, 900, 'light');
  return tab;
}

/** Waits until all there is to show is shown. */
export async function shown(tab: Browser): Promise<void> {
  await tab.until('document.querySelector("#result").dataset.done === "true"');
}

/** The number the page shows under a title. */
export const total = (tab: Browser, name: string) =>
  tab.evaluate<string>(`document.querySelector('[data-total="${name}"] dd').textContent`);

/** Rows of a table of the page, by its section and title; the one behind a chart is opened. */
export async function tableOf(tab: Browser, section: string, title: string): Promise<string[][]> {
  const figure = `[...document.querySelectorAll('#${section} figure')].find((one) =>
    one.querySelector('figcaption').textContent === ${JSON.stringify(title)})`;
  await tab.evaluate(`(${figure}).querySelector('details')?.setAttribute('open', '')`);
  await tab.until(`(${figure}).querySelector('table:not(.u-legend)')`);
  return tab.evaluate(
    `[...(${figure}).querySelector('table:not(.u-legend)').tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent))`,
  );
}

/** What is wrong with how it looks: nothing may be wider than its place, and no chart may be empty. */
export const faults = (tab: Browser) =>
  tab.evaluate<string[]>(`(() => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
    for (const one of document.querySelectorAll('body *')) {
      if (one.closest('.uplot') || one.closest('#drop input') || one.checkVisibility?.() === false) continue;
      const { left, right, width } = one.getBoundingClientRect();
      const name = one.tagName + '.' + one.className + ' ' + one.textContent.slice(0, 40);
      if (width > 0 && (right > innerWidth + 0.5 || left < -0.5)) found.push('outside: ' + name);
      if (/^(FIGURE|DETAILS)$/.test(one.tagName) && one.scrollWidth > one.clientWidth) found.push('cut: ' + name);
    }
    for (const canvas of document.querySelectorAll('.chart canvas')) {
      // Read from a copy: reading the chart's own would change how the browser draws it.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colours.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]);
      const title = canvas.closest('figure').querySelector('figcaption').textContent;
      // Marks and texts have one colour; what is drawn has another.
      if (colours.size < 2) found.push('empty: ' + title);
      if (canvas.closest('.chart').clientWidth < canvas.clientWidth) found.push('cut chart: ' + title);
    }
    return [...new Set(found)];
  })()`);
