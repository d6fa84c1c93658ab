/** The part of cap 0.2.1 that is used; the package has no types. */
declare module 'cap' {
  import type { EventEmitter } from 'node:events';

  export interface Cap extends EventEmitter {
    /**
     * Opens a device, promiscuous, in immediate mode, with a snaplen of 65535.
     *
     * After open() has thrown, the object must neither be closed nor collected: both crash.
     *
     * @param filter an expression of pcap-filter(7)
     * @param bufferSize bytes of the kernel's ring, below 2^31
     * @param buffer receives each packet before its event; cap does not keep it alive
     * @returns name of the link type
     */
    open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
    /** `size` bytes of the packet are in the buffer, which was too small where `truncated` is set. */
    on(event: 'packet', listener: (size: number, truncated: boolean) => void): this;
  }

  // The module is CommonJS.
  const cap: { Cap: new () => Cap };
  export default cap;
}
