/** What stands in the place of a program and starts it: the bundle beside it of the same name. */
import { runBundle } from './codeCache.ts';

runBundle(__filename.replace(/\.cjs$/, '.bundle.cjs'), require);
