import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { commonDirectives } from '../../src/language/directives.ts';
import { isaNamed } from '../../src/core/registry.ts';

/** What the assembler says of one line. */
function complaint(line: string): string {
  const run = spawnSync('riscv64-unknown-elf-as', ['-o', '/dev/null', '-'], {
    input: `${line}\n`,
    encoding: 'utf8',
  });
  assert.equal(run.error, undefined, 'riscv64-unknown-elf-as is needed');
  return run.stderr;
}

describe('language/directives', () => {
  it('are all known to the assembler', () => {
    assert.match(complaint('.frobnicate'), /unknown pseudo-op/);
    const all = [...commonDirectives, ...isaNamed('rv64').assembler!.directives];
    const unknown = all.filter((d) => /unknown pseudo-op/.test(complaint(d.name)));
    assert.deepEqual(
      unknown.map((d) => d.name),
      [],
    );
  });

  it('are each there once, with a summary', () => {
    const names = commonDirectives.map((d) => d.name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, summary } of commonDirectives) assert.ok(summary.length > 8, name);
  });
});
