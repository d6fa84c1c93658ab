/**
 * Serves what was counted to Prometheus. Names and labels are those of the usual memcached exporter, with the prefix
 * `membench_`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MembenchError } from '../errors.js';
import type { Counted } from './report.js';

export interface MetricsAddress {
  host: string;
  port: number;
}

export interface MetricsServer {
  /** Where the metrics are. */
  readonly url: string;
  /** Sets what is served from now on: the totals since the start. */
  update(total: Counted): void;
  close(): Promise<void>;
}

type Sample = readonly [labels: Record<string, string>, value: number];

interface Metric {
  name: string;
  help: string;
  labels: readonly string[];
  samples(total: Counted): readonly Sample[];
}

/** Samples of the commands whose figure is known. */
function byCommand(of: 'count' | 'hits' | 'misses' | 'errors'): (total: Counted) => Sample[] {
  return ({ ops }) =>
    Object.entries(ops).flatMap(([command, counted]) => {
      const value = counted[of];
      return value === null ? [] : [[{ command }, value] as const];
    });
}

const one = (value: number | null): Sample[] => (value === null ? [] : [[{}, value]]);

const METRICS: readonly Metric[] = [
  {
    name: 'membench_commands_total',
    help: 'Commands by name; a get of several keys counts each key.',
    labels: ['command'],
    samples: byCommand('count'),
  },
  {
    name: 'membench_command_hits_total',
    help: 'Keys found, of commands for which that is known.',
    labels: ['command'],
    samples: byCommand('hits'),
  },
  {
    name: 'membench_command_misses_total',
    help: 'Keys not found, of commands for which that is known.',
    labels: ['command'],
    samples: byCommand('misses'),
  },
  {
    name: 'membench_command_errors_total',
    help: 'Errors, of commands for which that is known.',
    labels: ['command'],
    samples: byCommand('errors'),
  },
  {
    name: 'membench_get_hits_total',
    help: 'Keys found by retrievals.',
    labels: [],
    samples: ({ hits }) => one(hits),
  },
  {
    name: 'membench_get_misses_total',
    help: 'Keys not found by retrievals.',
    labels: [],
    samples: ({ misses }) => one(misses),
  },
  {
    name: 'membench_answers_total',
    help: 'Answers and values by the word they begin with.',
    labels: ['status'],
    samples: ({ answers }) => Object.entries(answers).map(([status, value]) => [{ status }, value]),
  },
  {
    name: 'membench_read_bytes_total',
    help: 'Payload bytes sent to the server.',
    labels: [],
    samples: ({ bytes_in }) => one(bytes_in),
  },
  {
    name: 'membench_written_bytes_total',
    help: 'Payload bytes sent by the server.',
    labels: [],
    samples: ({ bytes_out }) => one(bytes_out),
  },
  {
    name: 'membench_connections_total',
    help: 'Connections opened.',
    labels: [],
    samples: ({ connections }) => one(connections),
  },
  {
    name: 'membench_packets_total',
    help: 'Segments with payload of the server ports.',
    labels: [],
    samples: ({ packets }) => one(packets),
  },
  {
    name: 'membench_skipped_packets_total',
    help: 'Packets of which at least a part was not read, by reason.',
    labels: ['reason'],
    samples: ({ skipped }) => Object.entries(skipped).map(([reason, value]) => [{ reason }, value]),
  },
];

/** Percentiles of latency. The label `quantile` is for summaries, which have a sum and a count as well. */
const PERCENTILES = [
  ['50', 'p50'],
  ['90', 'p90'],
  ['99', 'p99'],
  ['99.9', 'p999'],
] as const;

/**
 * Starts the server.
 *
 * @throws ERR_MEMBENCH_METRICS where the address cannot be used
 */
export async function serveMetrics({ host, port }: MetricsAddress): Promise<MetricsServer> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  let total: Counted | undefined;
  const register = new Registry();
  const set = (metric: InstanceType<typeof Counter>, samples: readonly Sample[]) => {
    metric.reset();
    for (const [labels, value] of samples) metric.inc(labels, value);
  };
  for (const { name, help, labels, samples } of METRICS) {
    const metric = new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [register],
      collect() {
        set(this, total === undefined ? [] : samples(total));
      },
    });
    set(metric, []);
  }
  new Gauge({
    name: 'membench_latency_seconds',
    help: 'Latency of a sample of the requests since the start, by percentile.',
    labelNames: ['percentile'],
    registers: [register],
    collect() {
      this.reset();
      for (const [percentile, name] of PERCENTILES) {
        const ns = total?.latency_ns[name];
        if (ns != null) this.set({ percentile }, ns / 1e9);
      }
    },
  });
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' || path !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    register.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': register.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const why = `${host}:${port}: metrics cannot be served: ${error.message}`;
      reject(new MembenchError('ERR_MEMBENCH_METRICS', why, 'name another port', error));
    });
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/metrics`,
    update(now) {
      total = now;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
