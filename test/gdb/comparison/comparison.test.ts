/**
 * gdb as the reference for everything that our readers of debug information say: at some 200 stops
 * of each program, every frame, variable, place and value, and of every instruction its line and
 * functions. What differs and why is in differences.md.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { differences, explanations } from './differences.ts';
import { compare } from './observed.ts';
import { buildProgram, programs } from './programs.ts';

const stops = 210;

describe('gdb and we', () => {
  const total = new Map<string, number>();
  const add = (name: string, count: number) => total.set(name, (total.get(name) ?? 0) + count);

  for (const program of programs) {
    it(`say the same of ${program.name}`, async function () {
      this.timeout(120_000);
      const comparison = await compare(buildProgram(program), program.stride, stops);
      const { compared, explained, faults } = differences(comparison);
      assert.deepEqual(faults.slice(0, 20), []);
      for (const [name, count] of Object.entries(compared)) add(name, count);
      for (const [name, count] of explained) add(`explained: ${name}`, count);
      assert.ok(compared.stops >= program.stops, `${compared.stops} stops`);
      assert.ok(compared.rows > 30 && compared.instructions > 45);
      assert.equal(program.source === 'program.S', compared.variables === 0);
    });
  }

  it('differ only in what differences.md explains', () => {
    const text = readFileSync('test/gdb/comparison/differences.md', 'utf8');
    const listed = [...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name);
    assert.deepEqual(listed, [...explanations]);
    for (const name of explanations) {
      assert.ok(total.has(`explained: ${name}`), `nothing differs by '${name}' any more`);
    }
  });

  after(() => {
    const lines = [...total].map(([name, count]) => `      ${name}: ${count}`);
    console.log(lines.join('\n'));
  });
});
