/**
 * Replaces `node:worker_threads` for Piscina, see build.mjs: threads are started from a string, not from a
 * file.
 */
const threads = require('node:worker_threads');

class Worker extends threads.Worker {
  /** Ignores the file that Piscina names: all its threads run the same code. */
  constructor(_filename, options) {
    super(THREAD, { ...options, eval: true });
  }
}

module.exports = { ...threads, Worker };
