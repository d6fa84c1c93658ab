/**
 * A layer-3 device whose packets are those of a capture of raw IP: makes it, says `ready`, and writes them
 * when its stdin says so. The device goes with the process.
 */
import { constants, openSync, readFileSync, writeSync } from 'node:fs';
import koffi from 'koffi';

// linux/if_tun.h.
const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;

const [device, capture] = process.argv.slice(2) as [string, string];
const fd = openSync('/dev/net/tun', constants.O_RDWR);
const request = new Uint8Array(40);
Buffer.from(request.buffer).write(device, 0, 'latin1');
new DataView(request.buffer).setUint16(16, IFF_TUN_NO_PI, true);
const ioctl = koffi.load(null).func('int ioctl(int fd, unsigned long request, void *data)');
if (ioctl(fd, TUNSETIFF, request) < 0) throw new Error('TUNSETIFF');
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const bytes = readFileSync(capture);
  for (let at = 24; at < bytes.length; ) {
    const size = bytes.readUInt32LE(at + 8);
    writeSync(fd, bytes.subarray(at + 16, at + 16 + size));
    at += 16 + size;
  }
  process.stdout.write('written\n');
});
