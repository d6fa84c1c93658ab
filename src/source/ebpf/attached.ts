import type { Interface, Interfaces } from '../../native/interfaces.js';
import { noInterface } from '../misnamed.js';
import type { SourceChange } from '../source.js';
import { changed } from '../watch.js';
import type { Attachment } from './attachment.js';

/** Name that stands for all interfaces, future ones too. */
const ALL = '*';

/** The programs attached to one interface, or to all interfaces, which may come and go. */
export class AttachedInterfaces {
  readonly #name: string;
  readonly #interfaces: Interfaces;
  readonly #attach: (device: Interface) => Promise<Attachment>;
  readonly #onChange: (change: SourceChange) => void;
  /** By ifindex. */
  readonly #attached = new Map<number, { device: Interface; attachment: Attachment }>();
  /** Indexes of interfaces to which attaching failed; it is not tried again. */
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

  /** Names of the interfaces with attached programs. */
  get names(): string[] {
    return [...this.#attached.values()].map(({ device }) => device.name);
  }

  /** The methods by which they are attached. */
  get methods(): string[] {
    return [...new Set([...this.#attached.values()].map(({ attachment }) => attachment.method))];
  }

  /**
   * Attaches to the interfaces that exist. Of all interfaces, one that cannot be attached to is reported and
   * left out.
   *
   * @throws ERR_MEMBENCH_SOURCE where there is no interface; the error of attaching where none could be
   *   attached
   */
  async start(): Promise<void> {
    let failure: unknown;
    for (const device of this.#wanted()) {
      if (this.#stopped) return;
      try {
        await this.#add(device);
      } catch (error) {
        // The interface is gone since it was listed, so this is not a failure of attaching.
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
   * Checks which interfaces are new, gone or changed: the kernel does not tell the holder of a TC program.
   * Returns false once the source is over.
   */
  async look(): Promise<boolean> {
    // Attaching may take longer than the time between two checks.
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
    // `stop` was called meanwhile.
    if (this.#stopped) attachment.detach();
    else this.#attached.set(device.ifindex, { device, attachment });
  }

  #refuse({ name, ifindex }: Interface, error: unknown): void {
    this.#refused.add(ifindex);
    const { message } = error as Error;
    // Most messages begin with the name of the interface.
    const why = message.startsWith(`${name}: `) ? message : `${name}: ${message}`;
    this.#onChange({ what: 'interface new', message: `${why}; it is not recorded`, over: false });
  }

  /** Checks attached interfaces. Returns whether the only one is gone. */
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
        // An interface that is gone again was never recorded, and need not be reported.
        if (!this.#isGone(device)) this.#refuse(device, error);
        continue;
      }
      const message = `${device.name}: a new interface is recorded too`;
      this.#onChange({ what: 'interface new', message, over: false });
    }
  }
}
