// Mocha's own `spec` on the terminal, and the counts as JSON in the file that TRAPLINE_TEST_RESULT
// names, which test/run.mjs adds up over all phases.
import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';

export default class SpecWithCounts extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.TRAPLINE_TEST_RESULT;
    if (file) {
      runner.once('end', () => {
        const { passes, failures, pending } = this.stats;
        writeFileSync(file, JSON.stringify({ passes, failures, pending }));
      });
    }
  }
}
