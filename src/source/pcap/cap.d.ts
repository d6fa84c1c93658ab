/** What is used of cap 0.2.1, which has no types of its own. */
declare module 'cap' {
  import type { EventEmitter } from 'node:events';

  export interface Cap extends EventEmitter {
    /**
     * Opens a device, promiscuous, in immediate mode, with a snaplen of 65535.
     *
     * After it threw, the object must neither be closed nor collected: both crash.
     *
     * @param filter of pcap-filter(7)
     * @param bufferSize bytes of the kernel's ring, below 2^31
     * @param buffer where each packet is put before its event; cap does not keep it alive
     * @returns name of the link type
     */
    open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
    /** `size` bytes of the packet are in the buffer; `truncated` tells that the buffer was too small. */
    on(event: 'packet', listener: (size: number, truncated: boolean) => void): this;
  }

  // Its module is CommonJS.
  const cap: { Cap: new () => Cap };
  export default cap;
}
