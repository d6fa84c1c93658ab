/** Error lines of section L, and some that are none: what any command may be answered with. */

/** Row by row. */
export const ERROR_ROWS: Readonly<Record<string, readonly string[]>> = {
  L01: ['ERROR'],
  L02: [
    'ERROR Too many open connections',
    'ERROR cannot pipeline other commands before watch',
    'ERROR locked try again later',
    'ERROR: shutdown not enabled',
  ],
  L03: ['CLIENT_ERROR bad command line format'],
  L04: ['CLIENT_ERROR bad data chunk'],
  L05: ['CLIENT_ERROR invalid exptime argument'],
  L06: ['CLIENT_ERROR invalid numeric delta argument', 'CLIENT_ERROR invalid numeric initial value'],
  L07: ['CLIENT_ERROR cannot increment or decrement non-numeric value'],
  L08: [
    'CLIENT_ERROR invalid flag',
    'CLIENT_ERROR duplicate flag',
    'CLIENT_ERROR invalid or duplicate flag',
    'CLIENT_ERROR options flags are too long',
    'CLIENT_ERROR bad token in command line format',
    'CLIENT_ERROR error decoding key',
    'CLIENT_ERROR opaque token too long',
    'CLIENT_ERROR invalid mode for ms M token',
  ],
  L09: [
    'CLIENT_ERROR unauthenticated',
    'CLIENT_ERROR authentication failure',
    'CLIENT_ERROR auth token too long',
    'CLIENT_ERROR bad authentication token format',
    'CLIENT_ERROR bad command line termination',
  ],
  L10: ['SERVER_ERROR object too large for cache'],
  L11: ['SERVER_ERROR out of memory storing object', 'SERVER_ERROR Out of memory allocating new item'],
  L12: [
    'SERVER_ERROR Unhandled storage type.',
    'SERVER_ERROR output line too long',
    'SERVER_ERROR refcount overflow during fetch',
  ],
  L13: [
    'SERVER_ERROR backend failure',
    'SERVER_ERROR active request limit reached',
    'CLIENT_ERROR parsing request',
    'CLIENT_ERROR request too long',
  ],
};

export const ERRORS: readonly string[] = [
  ...Object.values(ERROR_ROWS).flat(),
  ...['ERROR: x', 'CLIENT_ERROR ', 'CLIENT_ERROR', 'CLIENT_ERROR line too long', 'SERVER_ERROR'],
  ...['SERVER_ERROR: shutdown not enabled', 'Error x', 'Error TLS not enabled', 'ERRORS', 'CLIENT_ERRORx'],
];
