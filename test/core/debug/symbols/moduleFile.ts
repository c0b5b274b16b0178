/** A file that was not linked, put together of two as kernels' modules are. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const sources = {
  'device.c': `
struct device { int number; const char *name; struct device *next; };
extern int register_device(struct device *);
static struct device own = { 7, "own", &own };
static int opened;
int open_device(int how) {
  opened += how;
  return opened;
}
__attribute__((section(".init.text"), noinline)) int start_module(void) {
  own.number++;
  return register_device(&own);
}
`,
  'list.c': `
struct device { int number; const char *name; struct device *next; };
struct device *devices;
int register_device(struct device *device) {
  device->next = devices;
  devices = device;
  return device->number;
}
`,
};

/** Path of the file. */
export function buildModule(folder: string): string {
  const objects = Object.entries(sources).map(([name, text]) => {
    const source = path.join(folder, name);
    writeFileSync(source, text);
    const flags = ['-O1', '-g', '-ffreestanding', '-mcmodel=medany', '-fno-pie', '-c'];
    execFileSync('riscv64-linux-gnu-gcc', [...flags, '-o', `${source}.o`, source]);
    return `${source}.o`;
  });
  const file = path.join(folder, 'module.ko');
  execFileSync('riscv64-linux-gnu-ld', ['-r', '-o', file, ...objects]);
  return file;
}
