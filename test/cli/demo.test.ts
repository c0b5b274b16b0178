import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

describe('npm run demo', () => {
  it('shows the console, then exits and stage-2 mappings', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['src/build/demo.mjs'], {
      encoding: 'utf8',
      input: '',
      timeout: 50_000,
    });
    assert.equal(status, 0, stderr);
    const order = ['Hello from supervisor mode', 'Exits to the hypervisor', 'Stage-2 mappings'];
    const places = order.map((text) => stdout.indexOf(text));
    assert.ok(
      places.every((place) => place >= 0),
      stdout,
    );
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
  });
});
