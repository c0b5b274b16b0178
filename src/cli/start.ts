/**
 * What `trapline` runs first: asks Node, where it can, to keep compiled code from one run to the
 * next, and then starts the command line, which is a bundle of its own for that reason.
 */
import * as nodeModule from 'node:module';

// Since Node 22.1; older ones have no such function.
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
void import('./main.ts');
