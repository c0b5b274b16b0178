/**
 * The suite that runs inside the extension host, as VS Code's test runner calls it. The list of
 * suites stands here, because a bundle cannot look for files.
 */
import { writeFileSync } from 'node:fs';
import type Mocha from 'mocha';

export async function run(): Promise<void> {
  const { default: MochaClass } = await import('mocha');
  const mocha = new MochaClass({ ui: 'bdd', timeout: 60_000, reporter: reporter(MochaClass) });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./activation.ts');
  await import('./session.ts');
  await import('./errors.ts');
  const grep = process.env.TRAPLINE_GREP;
  if (grep) mocha.grep(grep);
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}

/** Each line carries a mark by which the harness knows it among the workbench's own. */
function say(text: string): void {
  console.log(`[mocha] ${text}`);
}

function reporter(MochaClass: typeof Mocha): Mocha.ReporterConstructor {
  return class extends MochaClass.reporters.Base {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
      super(runner, options);
      runner.on('pass', (test) => say(`    ✔ ${test.fullTitle()} (${test.duration ?? 0} ms)`));
      runner.on('fail', (test, error: Error) => {
        say(`    ✘ ${test.fullTitle()}\n${error.stack ?? error.message}`);
      });
      runner.once('end', () => {
        const { passes, failures, pending } = this.stats;
        const file = process.env.TRAPLINE_TEST_RESULT;
        if (file) writeFileSync(file, JSON.stringify({ passes, failures, pending }));
      });
    }
  } as unknown as Mocha.ReporterConstructor;
}
