/** `node:worker_threads` as Piscina gets it, see build.mjs: a thread is started from text, not from a file. */
const threads = require('node:worker_threads');

class Worker extends threads.Worker {
  /** Which file Piscina names does not matter: it has only one. */
  constructor(_filename, options) {
    super(THREAD, { ...options, eval: true });
  }
}

module.exports = { ...threads, Worker };
