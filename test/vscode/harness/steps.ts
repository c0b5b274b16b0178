/** For suites whose tests are steps of one story: after a step that failed, the rest is not told. */
export function stepByStep(suite: Mocha.Suite): void {
  suite.beforeEach(function () {
    if (suite.tests.some((test) => test.state === 'failed')) this.skip();
  });
}
