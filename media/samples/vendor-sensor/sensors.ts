export interface Sensor {
  readonly name: string;
  /** In thousandths of a degree. */
  read(): Promise<number>;
}

/** A fan of a real board would be asked over a network; this one takes its time all the same. */
async function later(value: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return value;
}

export const sensors: readonly Sensor[] = [
  { name: 'cpu', read: () => later(54_500) },
  { name: 'board', read: () => later(31_250) },
];
