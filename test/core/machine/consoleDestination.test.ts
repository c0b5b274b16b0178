import assert from 'node:assert/strict';
import { parseConsole, parseConsoleOption } from '../../../src/core/machine/consoleDestination.ts';

describe('console destinations', () => {
  const tcp = { kind: 'tcp', host: '127.0.0.1', port: 5000, telnet: false };

  it('of launch.json', () => {
    const check = (value: unknown, expected: unknown): void =>
      assert.deepEqual(parseConsole(value), expected);
    check(undefined, [{ kind: 'terminal' }]);
    check('none', [{ kind: 'none' }]);
    check([], [{ kind: 'none' }]);
    check({ file: 'a.log' }, [{ kind: 'file', path: 'a.log' }]);
    check(['terminal', { tcp: 5000 }], [{ kind: 'terminal' }, tcp]);
    check({ telnet: 5000, host: '::' }, [{ ...tcp, host: '::', telnet: true }]);
  });

  it('of the command line', () => {
    const check = (text: string, expected: unknown): void =>
      assert.deepEqual(parseConsoleOption(text), expected);
    check('terminal', { kind: 'terminal' });
    check('file:C:\\log.txt', { kind: 'file', path: 'C:\\log.txt' });
    check('tcp:5000', tcp);
    check('telnet:0.0.0.0:5000', { ...tcp, host: '0.0.0.0', telnet: true });
    for (const wrong of ['tcp:', 'tcp:70000', 'udp:1', 'file:', 'tcp:host:']) {
      check(wrong, undefined);
    }
  });

  it('that are wrong are named', () => {
    const check = (value: unknown, message: RegExp): unknown =>
      assert.throws(() => parseConsole(value), message);
    check('tty', /console: "tty" is not "terminal"/);
    check(['terminal', { tcp: '5000' }], /console\[1\]/);
    check({ file: 'a', tcp: 1 }, /console/);
    check({ file: 'a', mode: 1 }, /there is no 'mode'/);
  });
});
