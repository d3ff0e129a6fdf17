import { randomBytes } from 'node:crypto';
import type { Ids } from '../ports.ts';

/**
 * UUIDv7 (RFC 9562): 48 bits of milliseconds, then a counter of 12 bits that starts anew at a random place of its
 * lower half each millisecond and keeps ids of the same process in order, then 62 random bits.
 */
export function openIds(): Ids {
  let lastMs = 0;
  let counter = 0;
  return {
    next() {
      const bytes = randomBytes(16);
      const nowMs = Date.now();
      // A clock that steps back, and a counter that is full, borrow from the time of the last id.
      if (nowMs > lastMs) {
        lastMs = nowMs;
        counter = bytes.readUInt16BE(6) & 0x7ff;
      } else if (counter === 0xfff) {
        lastMs += 1;
        counter = 0;
      } else {
        counter += 1;
      }
      bytes.writeUIntBE(lastMs, 0, 6);
      bytes.writeUInt16BE(0x7000 | counter, 6);
      bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
      const hex = bytes.toString('hex');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    },
    random: () => Math.random(),
  };
}
