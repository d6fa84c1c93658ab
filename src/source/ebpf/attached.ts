import type { Interface, Interfaces } from '../../native/interfaces.js';
import { noInterface } from '../misnamed.js';
import type { SourceChange } from '../source.js';
import { changed } from '../watch.js';
import type { Attachment } from './attachment.js';

/** What stands for every interface there is and will be. */
const ALL = '*';

/** The programs on one interface, or on all of them, which come and go as they like. */
export class AttachedInterfaces {
  readonly #name: string;
  readonly #interfaces: Interfaces;
  readonly #attach: (device: Interface) => Promise<Attachment>;
  readonly #onChange: (change: SourceChange) => void;
  /** By ifindex. */
  readonly #attached = new Map<number, { device: Interface; attachment: Attachment }>();
  /** By ifindex: what was tried in vain is not tried again and again. */
  readonly #refused = new Set<number>();
  #looking = false;
  #stopped = false;

  /**
   * @param name an interface, or `*`
   * @param attach puts the programs on an interface
   */
  constructor(
    name: string,
    interfaces: Interfaces,
    attach: (device: Interface) => Promise<Attachment>,
    onChange: (change: SourceChange) => void,
  ) {
    this.#name = name;
    this.#interfaces = interfaces;
    this.#attach = attach;
    this.#onChange = onChange;
  }

  /** Names of the interfaces with programs on them. */
  get names(): string[] {
    return [...this.#attached.values()].map(({ device }) => device.name);
  }

  /** The ways they are attached. */
  get methods(): string[] {
    return [...new Set([...this.#attached.values()].map(({ attachment }) => attachment.method))];
  }

  /**
   * Attaches to what is there. Of all interfaces, one that cannot be attached to is told and left out.
   *
   * @throws ERR_MEMBENCH_SOURCE where nothing is there, and what attaching threw where nothing else is left
   */
  async start(): Promise<void> {
    let failure: unknown;
    for (const device of this.#wanted()) {
      if (this.#stopped) return;
      try {
        await this.#add(device);
      } catch (error) {
        // Gone since it was listed: that is no failure of the kernel's or of rights.
        if (this.#isGone(device)) {
          if (this.#name === ALL) this.#onChange(changed.gone(device.name, false));
          continue;
        }
        failure ??= error;
        if (this.#name === ALL) this.#refuse(device, error);
      }
    }
    if (this.#attached.size > 0 || this.#stopped) return;
    throw failure ?? noInterface(this.#name);
  }

  /**
   * Sees what came, went or changed: nobody tells the holder of a TC program. Returns false once nothing will
   * come any more.
   */
  async look(): Promise<boolean> {
    // Attaching may take longer than the time from one look to the next.
    if (this.#looking || this.#stopped) return !this.#stopped;
    this.#looking = true;
    try {
      const now = new Map(this.#wanted().map((device) => [device.ifindex, device]));
      const over = this.#lookAtKnown(now);
      if (this.#name === ALL) await this.#addNew(now);
      return !over;
    } finally {
      this.#looking = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { attachment } of this.#attached.values()) attachment.detach();
    this.#attached.clear();
  }

  #wanted(): Interface[] {
    if (this.#name === ALL) return this.#interfaces.all().filter(({ link }) => link !== 'other');
    const device = this.#interfaces.find(this.#name);
    return device === undefined ? [] : [device];
  }

  #isGone({ name, ifindex }: Interface): boolean {
    return this.#interfaces.find(name)?.ifindex !== ifindex;
  }

  async #add(device: Interface): Promise<void> {
    const attachment = await this.#attach(device);
    // It was told to stop meanwhile.
    if (this.#stopped) attachment.detach();
    else this.#attached.set(device.ifindex, { device, attachment });
  }

  #refuse({ name, ifindex }: Interface, error: unknown): void {
    this.#refused.add(ifindex);
    const { message } = error as Error;
    // Most messages begin with the interface.
    const why = message.startsWith(`${name}: `) ? message : `${name}: ${message}`;
    this.#onChange({ what: 'interface new', message: `${why}; it is not recorded`, over: false });
  }

  /** Returns whether it was the only one and is gone. */
  #lookAtKnown(now: ReadonlyMap<number, Interface>): boolean {
    for (const ifindex of this.#refused) if (!now.has(ifindex)) this.#refused.delete(ifindex);
    for (const [ifindex, { device, attachment }] of this.#attached) {
      const current = now.get(ifindex);
      if (current === undefined) {
        attachment.detach();
        this.#attached.delete(ifindex);
        const over = this.#name !== ALL;
        this.#onChange(changed.gone(device.name, over));
        if (over) return true;
      } else if (current.up !== device.up) {
        this.#attached.set(ifindex, { device: current, attachment });
        this.#onChange(changed.state(device.name, current.up));
      }
    }
    return false;
  }

  async #addNew(now: ReadonlyMap<number, Interface>): Promise<void> {
    for (const [ifindex, device] of now) {
      if (this.#stopped) return;
      if (this.#attached.has(ifindex) || this.#refused.has(ifindex)) continue;
      try {
        await this.#add(device);
      } catch (error) {
        // Gone again already: it was never recorded, and there is nothing to tell.
        if (!this.#isGone(device)) this.#refuse(device, error);
        continue;
      }
      const message = `${device.name}: a new interface is recorded too`;
      this.#onChange({ what: 'interface new', message, over: false });
    }
  }
}
