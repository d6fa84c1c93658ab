/** A thread that compiles one target of asconfig.json, and tells how that ended. */
import { parentPort, workerData } from 'node:worker_threads';
import asc from 'assemblyscript/asc';

const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', workerData]);
parentPort.postMessage({ said: stderr.toString(), failed: error === null ? null : error.message });
