/** The host's clock. */

/**
 * Milliseconds since some moment, as `performance.now` counts them; but that reads a module of
 * Node's which takes a millisecond of each start.
 */
export function milliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
