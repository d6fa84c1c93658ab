import { ADDRESS, type Network, PORT } from './network.js';
import { type LoadResult, parseMemcaslap } from './said.js';

/**
 * Load by memcaslap: nine gets to one set, each connection waits for its answer. Its --tps paces nothing
 * (asked for 5 k operations a second it does 150 k), so fewer connections are all there is for less load.
 */
export interface Load {
  connections: number;
  /** Of memcaslap; 1 where not given. */
  threads?: number;
  /** Bytes; memcaslap's own, about a thousand, where not given. */
  valueSize?: number;
  /** How long. */
  amount: { seconds: number } | { operations: number };
}

export function loadCommand({ connections, threads = 1, valueSize, amount }: Load): string[] {
  return [
    ...['memcaslap', '-s', `${ADDRESS}:${PORT}`, '-T', String(threads), '-c', String(connections)],
    ...(valueSize === undefined ? [] : ['-X', String(valueSize)]),
    ...('seconds' in amount ? ['-t', `${amount.seconds}s`] : ['-x', String(amount.operations)]),
  ];
}

/** What was asked of the server, and what that was on the wire. */
export interface LoadOnWire extends LoadResult {
  /** Packets both ways, and how many a second. */
  packets: number;
  packetRate: number;
}

export async function putLoad(network: Network, load: Load): Promise<LoadOnWire> {
  const before = network.packets();
  const program = network.startClient(loadCommand(load));
  try {
    await program.done();
  } finally {
    await network.end(program);
  }
  const packets = network.packets() - before;
  const result = parseMemcaslap(program.stdout);
  if (result === null) {
    throw new Error(
      `${program.command.join(' ')} did nothing\n${`${program.stdout}${program.stderr}`.trim()}`,
    );
  }
  return { ...result, packets, packetRate: Math.round((packets * result.rate) / result.operations) };
}
