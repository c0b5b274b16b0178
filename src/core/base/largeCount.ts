/**
 * Counts that go above 31 bits while the program runs. V8 keeps a field's numbers as small integers
 * until the first that is none, and then throws away all code that was optimized for it: in the
 * middle of a run. A field that begins as this holds any number from the start.
 */
export const largeCount = NaN;
