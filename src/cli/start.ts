/**
 * What `trapline` runs first. The program is in bundles beside this one: whole, and with nothing but
 * `run` as it mostly is, since a run of a second should not spend a tenth of it reading a debugger.
 */
import path from 'node:path';
import { runBundle } from '../host/node/codeCache.ts';
import { setMemoryAside } from '../host/node/spareMemory.ts';
import { compileLittle } from '../host/node/v8Flags.ts';

const [command, ...args] = process.argv.slice(2);
const has = (option: string): boolean => args.some((word) => word.startsWith(option));
const isPlainRun = command === 'run' && !has('--profile');
if (isPlainRun) compileLittle();
if (isPlainRun && !has('--memory')) setMemoryAside();
runBundle(path.join(__dirname, isPlainRun ? 'run.cjs' : 'trapline.cjs'), require);
