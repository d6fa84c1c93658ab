/** A simulated cache, of one size or of all sizes at once. Times are nanoseconds since the first event. */
export interface CacheModel {
  /**
   * Reads a key, which was recorded as a hit or a miss; counts as `weight` reads. Where a recorded hit is a miss here,
   * the item is stored, as its client would do.
   */
  read(key: number, now: number, hit: boolean, weight: number): void;
  /** Stores the item of a key. */
  write(key: number, now: number): void;
  remove(key: number, now: number): void;
  /** Uses the item of a key, and sets its expiry to the last requested one. */
  touch(key: number, now: number): void;
  /** Renumbers the keys; the columns of the table are renumbered already. */
  renumber(ids: Int32Array): void;
}
