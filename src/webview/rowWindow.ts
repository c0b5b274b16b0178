/** Which rows of a long list are drawn: those in sight and a screenful around them. Pure. */
export interface Sight {
  readonly rows: number;
  /** Pixels: of a row, from the list's beginning to what is in sight, and of what is in sight. */
  readonly rowHeight: number;
  readonly top: number;
  readonly height: number;
  /** A row that is drawn wherever it is: the one with the focus. */
  readonly always: number | undefined;
}

/** Indices in order. */
export function rowsToDraw({ rows, rowHeight, top, height, always }: Sight): number[] {
  const first = Math.max(0, Math.floor((top - height) / rowHeight));
  const end = Math.min(rows, Math.ceil((top + 2 * height) / rowHeight));
  const drawn = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  if (always === undefined || always >= rows || (always >= first && always < end)) return drawn;
  return always < first ? [always, ...drawn] : [...drawn, always];
}

/** The row that a key leads to from another one; undefined when the key moves nowhere. */
export function rowAfter(
  key: string,
  from: number,
  rows: number,
  page: number,
): number | undefined {
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + page,
    PageUp: from - page,
    Home: 0,
    End: rows - 1,
  };
  const target = Object.hasOwn(targets, key) ? targets[key] : undefined;
  return target === undefined ? undefined : Math.max(0, Math.min(target, rows - 1));
}
