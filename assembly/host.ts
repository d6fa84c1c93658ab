/** Calls to the host: once for each block or batch of events, never for a packet. */

/** The open block was sealed, and `block_info` describes it; it is reset after the call returns. */
// @ts-ignore: decorator
@external("env", "onBlock")
export declare function onBlock(): void;

/** `count` event records are in the event area; they are overwritten after the call returns. */
// @ts-ignore: decorator
@external("env", "onEvents")
export declare function onEvents(count: u32): void;
