/** The command line of most runs: `run` without what reads debug information (`start.ts`). */
import { runProgram } from './program.ts';
import { runCommand } from './run.ts';

const command = runCommand(undefined);
void runProgram(() => command);
