/** Places of code whose loads or stores mostly reach devices: those that did so many times. */

const accesses = 1024;

export class DeviceSites {
  /** By record. */
  private readonly counts = new Map<number, number>();

  /** A device answered there; true where that makes it one of these places. */
  note(record: number): boolean {
    const count = (this.counts.get(record) ?? 0) + 1;
    this.counts.set(record, count);
    return count === accesses;
  }

  isOne(record: number): boolean {
    return (this.counts.get(record) ?? 0) >= accesses;
  }

  clear(): void {
    this.counts.clear();
  }
}
