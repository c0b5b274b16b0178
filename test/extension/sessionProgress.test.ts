import assert from 'node:assert/strict';
import { SessionProgress } from '../../src/extension/sessionProgress.ts';

const request = (command: string) => ({ type: 'request', command });
const event = (name: string, body: object = {}) => ({ type: 'event', event: name, body });
const answer = (command: string, success = true) => ({ type: 'response', command, success });

describe('SessionProgress', () => {
  it('runs with configurationDone, stops and goes on', () => {
    const progress = new SessionProgress();
    assert.equal(progress.receive(answer('launch')), false);
    assert.equal(progress.state, 'starting');
    assert.equal(progress.request(request('configurationDone')), true);
    assert.equal(progress.state, 'running');
    assert.equal(progress.receive(event('stopped')), true);
    assert.equal(progress.state, 'stopped');
    assert.equal(progress.request(request('next')), true);
    assert.equal(progress.state, 'running');
  });

  it('stays stopped when the stop comes before the answer to the step', () => {
    const progress = new SessionProgress();
    progress.request(request('stepIn'));
    progress.receive(event('stopped'));
    progress.receive(answer('stepIn'));
    assert.equal(progress.state, 'stopped');
  });

  it('is stopped again when the adapter refuses to go on', () => {
    const progress = new SessionProgress();
    progress.receive(event('stopped'));
    progress.request(request('continue'));
    assert.equal(progress.receive(answer('continue', false)), true);
    assert.equal(progress.state, 'stopped');
  });

  it('says that views are out of date after a write, and only after one that worked', () => {
    const progress = new SessionProgress();
    for (const command of ['setVariable', 'writeMemory', 'trapline/writeCsr']) {
      assert.equal(progress.receive(answer(command)), true, command);
      assert.equal(progress.receive(answer(command, false)), false, command);
    }
    assert.equal(progress.receive(event('invalidated')), true);
    assert.equal(progress.receive(answer('stackTrace')), false);
  });

  it('takes for the reason of the end only what was said right before it', () => {
    const output = (category: string, text: string) => event('output', { category, output: text });
    const reasonAfter = (...messages: ReturnType<typeof event>[]): string => {
      const progress = new SessionProgress();
      for (const message of messages) progress.receive(message);
      progress.receive(event('exited', { exitCode: 125 }));
      return progress.endText;
    };
    assert.equal(reasonAfter(output('console', 'triple trap\n')), 'triple trap');
    assert.equal(reasonAfter(output('console', 'old'), event('stopped')), '');
    assert.equal(reasonAfter(output('stdout', 'guest text')), '');
  });

  it('remembers the exit code until a restart', () => {
    const progress = new SessionProgress();
    progress.receive(event('exited', { exitCode: 3 }));
    progress.receive(event('terminated'));
    assert.equal(progress.exitCode, 3);
    assert.equal(progress.state, 'ended');
    progress.request(request('restart'));
    assert.equal(progress.exitCode, undefined);
    assert.equal(progress.state, 'starting');
  });
});
