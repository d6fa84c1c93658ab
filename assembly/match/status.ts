/** The status of an event by the answer to its request. */
import {
  NO_SIZE, OP_MA, OP_MD, OP_MG, OP_MS, PRESENT_FLAGS, PRESENT_TTL_LEFT, PRESENT_VALUE_SIZE, STATUS_DELETED,
  STATUS_EXISTS, STATUS_HIT, STATUS_MISS, STATUS_NOT_FOUND, STATUS_NOT_STORED, STATUS_OK, STATUS_STORED,
  STATUS_TOUCHED, STATUS_VALUE,
} from '../layout';
import {
  answerFlags, answerMarks, answerSize, hasFlags, hasTimeLeft, timeLeft, toldSize,
} from '../memcache/answer';
import {
  IS_DELETED, IS_EN, IS_EX, IS_EXISTS, IS_ME, IS_NF, IS_NOT_FOUND, IS_NOT_STORED, IS_NS, IS_NUMBER, IS_STORED,
  IS_TOUCHED, IS_VA, KIND_GET, Request,
} from '../memcache/message';

/** Outcome of a text request by the code of its answer. */
export function textStatus(request: Request, code: u32): u32 {
  if (request.kind == KIND_GET) return request.present & (1 << PRESENT_VALUE_SIZE) ? STATUS_HIT : STATUS_MISS;
  switch (code) {
    case IS_STORED: return STATUS_STORED;
    case IS_NOT_STORED: return STATUS_NOT_STORED;
    case IS_EXISTS: return STATUS_EXISTS;
    case IS_NOT_FOUND: return STATUS_NOT_FOUND;
    case IS_DELETED: return STATUS_DELETED;
    case IS_TOUCHED: return STATUS_TOUCHED;
    case IS_NUMBER: return STATUS_VALUE;
    default: return STATUS_OK;
  }
}

/** Outcome of a meta answer. Sets fields of the request from its flags. */
export function metaStatus(request: Request, code: u32): u32 {
  const op = request.op;
  if (code != IS_ME) {
    request.marks = <u8>answerMarks;
    if (hasTimeLeft) {
      request.ttlLeft = timeLeft;
      request.present |= 1 << PRESENT_TTL_LEFT;
    }
    if (op == OP_MG && code != IS_EN) {
      const size = code == IS_VA ? answerSize : toldSize;
      if (size != NO_SIZE) {
        request.valueSize = size;
        request.present |= 1 << PRESENT_VALUE_SIZE;
      }
      if (hasFlags) {
        request.flags = answerFlags;
        request.present |= 1 << PRESENT_FLAGS;
      }
    }
  }
  if (code == IS_NS) return STATUS_NOT_STORED;
  if (code == IS_EX) return STATUS_EXISTS;
  if (code == IS_NF) return STATUS_NOT_FOUND;
  if (code == IS_EN) return STATUS_MISS;
  if (op == OP_MS) return STATUS_STORED;
  if (op == OP_MD) return STATUS_DELETED;
  if (op == OP_MA) return code == IS_VA ? STATUS_VALUE : STATUS_OK;
  return STATUS_HIT;
}
