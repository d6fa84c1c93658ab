import type { EventShape } from '../profile/shapes.js';
import { cachelibOperation } from './cachelib.js';
import type { ExportFormat } from './options.js';
import { isRequest } from './oracle-encoder.js';
import { classicCommand } from './trace.js';

/** The name of an event's operation in a format; null where the format has none. */
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
