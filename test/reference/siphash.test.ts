import test from 'ava';
import { sipHash } from './siphash.js';

test('the reference hash gives the vector of the SipHash paper, appendix A', (t) => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const message = Uint8Array.from({ length: 15 }, (_, i) => i);
  t.is(sipHash(key, message), 0xa129ca6149be45e5n);
});
