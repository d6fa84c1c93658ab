/** A headless Chromium, driven by the DevTools protocol over a pipe. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const found = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);

/** The reason why there is no browser here; empty where there is one. */
export const whyNoBrowser = found === undefined ? 'no Chromium here' : '';

type Message = {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
};

/** One browser with one tab. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #input: Writable;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #gone: Promise<unknown>;
  #session: string | undefined;
  #id = 0;
  /** URLs of all requests of the tab. */
  readonly requests: string[] = [];
  /** Errors in the tab: exceptions, and violations of its policy. */
  readonly errors: string[] = [];

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'membench-browser-'));
    const flags = [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--mute-audio'],
      ...['--remote-debugging-pipe', `--user-data-dir=${this.#folder}`, 'about:blank'],
    ];
    // When this process ends for any reason, the pipe closes and the browser exits.
    this.#child = spawn(found!, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.#gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#input = this.#child.stdio[3] as Writable;
    let rest = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  static async start(): Promise<Browser> {
    const browser = new Browser();
    const { targetInfos } = (await browser.send('Target.getTargets')) as {
      targetInfos: { targetId: string; type: string }[];
    };
    const { targetId } = targetInfos.find(({ type }) => type === 'page')!;
    const { sessionId } = (await browser.send('Target.attachToTarget', { targetId, flatten: true })) as {
      sessionId: string;
    };
    browser.#session = sessionId;
    for (const domain of ['Page', 'Runtime', 'Network', 'DOM', 'Log']) await browser.send(`${domain}.enable`);
    return browser;
  }

  #take(message: Message): void {
    if (message.id !== undefined) {
      const { resolve, reject } = this.#waiting.get(message.id)!;
      this.#waiting.delete(message.id);
      if (message.error) reject(new Error(message.error.message));
      else resolve(message.result);
    } else if (message.method === 'Network.requestWillBeSent') {
      this.requests.push((message.params as { request: { url: string } }).request.url);
    } else if (message.method === 'Runtime.exceptionThrown' || message.method === 'Log.entryAdded') {
      this.errors.push(JSON.stringify(message.params));
    }
  }

  send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#id;
    const sessionId = this.#session === undefined ? {} : { sessionId: this.#session };
    this.#input.write(`${JSON.stringify({ id, method, params, ...sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Opens a page, and clears the requests and errors of the one before. */
  async open(url: string): Promise<void> {
    this.requests.length = 0;
    this.errors.length = 0;
    await this.send('Page.navigate', { url });
    await this.until('document.readyState === "complete" && location.href !== "about:blank"');
  }

  /** Evaluates an expression; a promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'exception in the page');
    return result.value;
  }

  /** Waits until an expression is true. */
  async until(expression: string, seconds = 30): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`).catch(() => false))) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${expression}`);
      await sleep(20);
    }
  }

  /** Chooses files in an input, as a user would. */
  async choose(selector: string, ...files: readonly string[]): Promise<void> {
    const { root } = (await this.send('DOM.getDocument')) as { root: { nodeId: number } };
    const { nodeId } = (await this.send('DOM.querySelector', { nodeId: root.nodeId, selector })) as {
      nodeId: number;
    };
    await this.send('DOM.setFileInputFiles', { nodeId, files });
  }

  /** @param scheme the preferred colour scheme */
  async look(width: number, height: number, scheme: 'light' | 'dark'): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
  }

  /** A PNG of the whole page. */
  async picture(): Promise<Buffer> {
    const { data } = (await this.send('Page.captureScreenshot', { captureBeyondViewport: true })) as {
      data: string;
    };
    return Buffer.from(data, 'base64');
  }

  async close(): Promise<void> {
    await Promise.race([this.send('Browser.close').catch(() => {}), this.#gone]);
    this.#child.kill('SIGKILL');
    await this.#gone;
    // Its helper processes end by themselves, and write files until then.
    for (let tries = 0; existsSync(this.#folder); tries++) {
      try {
        rmSync(this.#folder, { recursive: true, force: true });
      } catch (error) {
        if (tries > 50) throw error;
        await sleep(100);
      }
    }
  }
}
