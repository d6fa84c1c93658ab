import { cachelibOperation } from './cachelib.js';
import type { ExportFormat } from './options.js';
import { isRequest } from './oracle.js';
import type { EventShape } from './shapes.js';
import { classicCommand } from './trace.js';

/** What an event is called in a format; null where it has no place there. */
export function operationIn(format: ExportFormat, shape: EventShape): string | null {
  switch (format) {
    case 'twitter':
      return classicCommand(shape);
    case 'cachelib':
      return cachelibOperation(shape);
    case 'oracleGeneral':
      return isRequest(shape) ? shape.op : null;
    default:
      return shape.op;
  }
}
