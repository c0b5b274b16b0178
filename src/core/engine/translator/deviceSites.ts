/** Places of code whose loads or stores mostly reach devices: those that did so many times. */

export class DeviceSites {
  /** By record. */
  private readonly counts = new Map<number, number>();
  private readonly accesses: number;

  /** So many accesses make a place one of these. */
  constructor(accesses: number) {
    this.accesses = accesses;
  }

  /** A device answered there; true where that makes it one of these places. */
  note(record: number): boolean {
    const count = (this.counts.get(record) ?? 0) + 1;
    this.counts.set(record, count);
    return count === this.accesses;
  }

  isOne(record: number): boolean {
    return (this.counts.get(record) ?? 0) >= this.accesses;
  }

  clear(): void {
    this.counts.clear();
  }
}
