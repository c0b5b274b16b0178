import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { handlerApi, handlerDeclarations, handlerTypes } from '../../src/build/handlerTypes.ts';

describe('types of handler modules', () => {
  it('that ship are those of the code; else: node src/build/writeHandlerTypes.mjs', () =>
    assert.equal(
      readFileSync(handlerDeclarations, 'utf8'),
      handlerTypes(readFileSync(handlerApi, 'utf8')),
    ));

  it('are what the samples are written against', () => {
    const tsc = 'node_modules/typescript/bin/tsc';
    execFileSync(process.execPath, [tsc, '-p', 'media/samples'], { stdio: 'pipe' });
  });
});
