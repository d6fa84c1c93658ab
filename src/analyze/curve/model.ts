/** A cache of every size at once, or of one. Times are nanoseconds since the first event. */
export interface CacheModel {
  /**
   * A key is asked for that was answered with a hit, or with a miss; `weight`: for so many reads. What was a hit is
   * stored again where it is not there: its client would do that.
   */
  read(key: number, now: number, hit: boolean, weight: number): void;
  /** It is stored. */
  write(key: number, now: number): void;
  remove(key: number, now: number): void;
  /** It is used, and lives as long as was asked for last. */
  touch(key: number, now: number): void;
  /** Keys have other numbers; columns were exchanged before. */
  renumber(ids: Int32Array, rate: number): void;
}
