import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runSuiteProgram } from './suiteProgram.ts';

const guest = (name: string) => new Uint8Array(readFileSync(`test/guests/${name}.elf`));
const run = (name: string, reference?: string, maxInstructions = 100_000) =>
  runSuiteProgram(name, guest(name), reference, { maxInstructions });

describe('suites/suiteProgram', () => {
  it('passes when 1 is written to tohost, and says which test failed otherwise', () => {
    assert.equal(run('signature').failure, undefined);
    assert.equal(run('htif').failure, 'tohost: failed, test 1');
  });

  it('compares the signature with the reference', () => {
    const { signature = '' } = run('signature');
    const words = signature.split('\n');
    assert.equal(words.length, 16);
    assert.equal(run('signature', `${signature}\n`).failure, undefined);
    const other = [...words.slice(0, 5), 'deadbeef', ...words.slice(6)].join('\n');
    assert.equal(
      run('signature', other).failure,
      `1 of 16 words differ from the reference; word 5 is ${words[5]}, should be deadbeef`,
    );
    assert.match(run('signature', 'deadbeef').failure!, /16 words in the signature, 1 in the ref/);
    assert.equal(run('htif', 'deadbeef').failure, 'tohost: failed, test 1');
  });

  it('gives up on a program that does not end', () => {
    assert.match(run('traps', undefined, 10).failure!, /^not at its end after 10 instructions/);
  });
});
