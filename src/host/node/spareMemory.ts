/**
 * Memory for a machine, set aside before the program is read that makes the machine. When a third of
 * a gigabyte appears, V8 collects garbage, which then costs next to nothing, and a tenth of the whole
 * start when the program is there to be looked at. It goes from bundle to bundle by this name.
 */
const name = Symbol.for('trapline.spareMemory');
const holder = globalThis as { [name]?: WebAssembly.Memory | undefined };

/** Enough for a machine with the usual RAM; what is never touched costs nothing. */
const pages = (448 << 20) / (64 << 10);

export function setMemoryAside(): void {
  try {
    holder[name] = new WebAssembly.Memory({ initial: pages });
  } catch {
    // Who limits a process's memory may not even want a machine; if so, making it tells what is wrong.
  }
}

/** For one machine. */
export function takeSpareMemory(): WebAssembly.Memory | undefined {
  const memory = holder[name];
  delete holder[name];
  return memory;
}
