import { ADDRESS, type Network, PORT } from './network.js';
import { type LoadResult, parseMemcaslap } from './said.js';

/**
 * Load by memcaslap: nine gets for each set, and each connection waits for its answer. Its --tps has no
 * effect (150 k operations a second instead of 5 k), so that less load needs fewer connections.
 */
export interface Load {
  connections: number;
  /** Threads of memcaslap. Default 1. */
  threads?: number;
  /** Size of values, bytes. Default: that of memcaslap, about a thousand. */
  valueSize?: number;
  /** Duration of the load. */
  amount: { seconds: number } | { operations: number };
}

export function loadCommand({ connections, threads = 1, valueSize, amount }: Load): string[] {
  return [
    ...['memcaslap', '-s', `${ADDRESS}:${PORT}`, '-T', String(threads), '-c', String(connections)],
    ...(valueSize === undefined ? [] : ['-X', String(valueSize)]),
    ...('seconds' in amount ? ['-t', `${amount.seconds}s`] : ['-x', String(amount.operations)]),
  ];
}

/** The load on the server, in operations and packets. */
export interface LoadOnWire extends LoadResult {
  /** Packets in both directions, and their rate a second. */
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
