/** What the host is called for: once a block or a batch of events, never a packet. */

/** The open block was sealed; `block_info` describes it, and it is reset when the call returns. */
// @ts-ignore: decorator
@external("env", "onBlock")
export declare function onBlock(): void;

/** `count` event records lie in the event area; they are overwritten after the call returns. */
// @ts-ignore: decorator
@external("env", "onEvents")
export declare function onEvents(count: u32): void;
