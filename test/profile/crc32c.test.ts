import test from 'ava';
import fc from 'fast-check';
import { crc32c } from '#src/profile/crc32c.js';
import { slowCrc } from './support.js';

test('CRC-32C gives the examples of RFC 3720, appendix B.4', (t) => {
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  t.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
  t.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.is(crc32c(new Uint8Array(0)), 0);
});

test('CRC-32C in eights and bit by bit agree, in one go and in two', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      const expected = slowCrc(bytes);
      return (
        crc32c(bytes) === expected && crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))) === expected
      );
    }),
  );
  t.pass();
});
