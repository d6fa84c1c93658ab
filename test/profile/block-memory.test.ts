import test from 'ava';
import fc from 'fast-check';
import { BlockMemory } from '#src/profile/block-memory.js';

test('columns of a block have memory of their own, until it is used again', (t) => {
  const memory = new BlockMemory();
  fc.assert(
    fc.property(fc.array(fc.nat(5000)), (sizes) => {
      memory.reset();
      const columns = sizes.map((bytes, i) => {
        const { buffer, offset } = memory.allocate(bytes);
        t.is(offset % 8, 0);
        return new Uint8Array(buffer, offset, bytes).fill(i + 1);
      });
      for (const [i, column] of columns.entries()) t.true(column.every((byte) => byte === ((i + 1) & 255)));
    }),
  );
  memory.reset();
  const first = memory.allocate(100);
  memory.reset();
  t.deepEqual(memory.allocate(100), first);
});
