import type { Interfaces } from '../native/interfaces.js';
import type { SourceChange } from './source.js';

/** Time between two checks of the interfaces, ms. */
export const WATCH_INTERVAL = 500;

/** Descriptions of changes of an interface. */
export const changed = {
  state: (name: string, up: boolean): SourceChange => ({
    what: up ? 'interface up' : 'interface down',
    message: `${name}: the interface went ${up ? 'up' : 'down, waiting'}`,
    over: false,
  }),
  gone: (name: string, over: boolean): SourceChange => ({
    what: 'interface gone',
    message: `${name}: the interface is gone`,
    over,
  }),
};

/**
 * Watches one interface by polling: the kernel does not tell the holder of a socket or program that it is
 * gone.
 */
export class InterfaceWatch {
  readonly #interfaces: Interfaces;
  readonly #name: string;
  readonly #ifindex: number;
  readonly #onChange: (change: SourceChange) => void;
  #up = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    interfaces: Interfaces,
    name: string,
    ifindex: number,
    onChange: (change: SourceChange) => void,
  ) {
    this.#interfaces = interfaces;
    this.#name = name;
    this.#ifindex = ifindex;
    this.#onChange = onChange;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), WATCH_INTERVAL);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.#interfaces.find(this.#name);
    if (now === undefined || now.ifindex !== this.#ifindex) {
      this.stop();
      this.#onChange(changed.gone(this.#name, true));
    } else if (now.up !== this.#up) {
      this.#up = now.up;
      this.#onChange(changed.state(this.#name, now.up));
    }
  }
}
