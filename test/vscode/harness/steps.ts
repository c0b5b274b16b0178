/** What the suites that drive a workbench have in common. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Workbench } from './workbench.ts';

/** For suites whose tests are steps of one story: after a step that failed, the rest is not told. */
export function stepByStep(suite: Mocha.Suite): void {
  suite.beforeEach(function () {
    if (suite.tests.some((test) => test.state === 'failed')) this.skip();
  });
}

/** Closes the workbench and removes its folder at the end; of a step that failed there is a picture. */
export function closeAtEnd(
  suite: Mocha.Suite,
  folder: string,
  workbench: () => Workbench | undefined,
): void {
  suite.afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await workbench()?.screenshot(`failed-${this.currentTest.fullTitle().replace(/\W+/g, '-')}`);
  });
  suite.afterAll(async () => {
    await workbench()?.close();
    rmSync(path.dirname(folder), { recursive: true, force: true });
  });
}

/** Runs hello-dbcn to a breakpoint behind its question, which is answered. */
export async function stopAtLine(code: Workbench, line: number): Promise<void> {
  await code.openFile('hello-dbcn', 'main.c');
  await code.goToLine(line);
  await code.clickGutter(line);
  await code.press('F5');
  await code.waitForTerminal('What is your name?');
  await code.typeInTerminal('Ada');
  await code.press('Enter');
  await code.waitForStop();
}
