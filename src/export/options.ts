/** Formats of `export`. */
export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet', 'twitter', 'cachelib', 'oracleGeneral'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Those that are written from the start to the end, and can go to a pipe. */
export const TEXT_FORMATS: ReadonlySet<ExportFormat> = new Set(['csv', 'ndjson', 'twitter', 'cachelib']);

/** A time: Unix nanoseconds, or nanoseconds after the first request of all profiles. */
export type ExportTime = bigint | { readonly afterFirst: bigint };

/** Takes the bytes of a text format. */
export type ExportSink = (bytes: Uint8Array) => void | Promise<void>;

export interface ExportOptions {
  /** Profiles; the events of several are merged by time. */
  profiles: readonly string[];
  format: ExportFormat;
  /** Path of the file to write, or what takes the bytes of a text format. */
  output: string | ExportSink;
  /** Replace the file, and the one beside it, where they are regular files. */
  force?: boolean;
  /** Requests from this time on. */
  from?: ExportTime;
  /** Requests before this time. */
  to?: ExportTime;
  /** Commands, by the names in the profile. Default: all. */
  ops?: readonly string[];
  /** One of so many connections, whole ones, chosen by a hash of their number. Default: 1, all. */
  sample?: number;
  /** Stops the export; what was written is removed. */
  signal?: AbortSignal;
  onProgress?: (progress: ExportProgress) => void;
}

/** Every option there is. */
export const EXPORT_OPTIONS: Readonly<Record<keyof ExportOptions, true>> = {
  profiles: true,
  format: true,
  output: true,
  force: true,
  from: true,
  to: true,
  ops: true,
  sample: true,
  signal: true,
  onProgress: true,
};

export interface ExportProgress {
  /** Events looked at so far, and in all. */
  events: number;
  eventsTotal: number;
  /** Seconds. */
  elapsed: number;
}
