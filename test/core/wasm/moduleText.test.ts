/** Modules as text: the same instructions in the same order as LLVM's disassembler reads. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ObservedModule } from '../../../src/core/engine/translator/observed.ts';
import { createMachine } from '../../../src/core/registry.ts';
import { moduleText } from '../../../src/core/wasm/moduleText.ts';
import { inFolder } from '../../differential/assemble.ts';

function modulesOf(kernel: string): readonly ObservedModule[] {
  const modules: ObservedModule[] = [];
  const program = `test/bench/kernels/${kernel}.elf`;
  const machine = createMachine(
    {
      ...{ board: 'virt', mode: 'machine', isa: '', program, harts: 1, memory: 64 << 20 },
      ...{ loadFiles: [], calls: [], engine: 'jit', time: 'virtual' },
    },
    new Map([[program, new Uint8Array(readFileSync(program))]]),
    { observe: (module) => modules.push(module) },
  );
  machine.run(10_000_000);
  return modules;
}

/** Instructions of the code section with their immediates, in one notation. */
function byLlvm(bytes: Uint8Array): string[] {
  const listing = inFolder((folder) => {
    const file = path.join(folder, 'a.wasm');
    writeFileSync(file, bytes);
    return execFileSync('llvm-objdump', ['-d', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
  });
  const lines = [...listing.matchAll(/^\s*[0-9a-f]+: (?:[0-9a-f]{2} ?)+\s*\t(.*)$/gm)];
  return lines.map(([, text]) =>
    normal(text!.replace(/#.*/, '').replace(/(\d+):p2align=0/, 'offset=$1 align=1')),
  );
}

function byUs(bytes: Uint8Array): string[] {
  const lines = moduleText(bytes).split('\n');
  const code = lines.filter((line) => line.startsWith('    ') && !line.includes('(local '));
  // The function's last line closes it, and LLVM shows the `end` that does so.
  return code.flatMap((line) => {
    const text = normal(line.trim().replace(/\)+$/, (all) => (line.includes('(') ? all : '')));
    return line.endsWith('))') || (line.endsWith(')') && !line.includes('('))
      ? [text, 'end']
      : [text];
  });
}

/** LLVM names types and tables its own way; operands of numbers are the same in both. */
function normal(text: string): string {
  const [name = '', ...operands] = text.replaceAll(/[{},]/g, ' ').trim().split(/\s+/);
  if (/^(block|loop|if|call_indirect)$/.test(name)) return name;
  if (name.endsWith('.select')) return 'select';
  if (/load|store/.test(name)) {
    const offset = /offset=(\d+)/.exec(text)?.[1] ?? /^\d+/.exec(operands[0] ?? '')?.[0] ?? '0';
    return `${name} ${offset}`;
  }
  if (/^f(32|64)\.const$/.test(name)) return `${name} ${numberOf(operands[0]!)}`;
  return [name, ...operands].join(' ');
}

/** LLVM writes numbers with hexadecimal fractions, which JavaScript does not read. */
function numberOf(text: string): number {
  const parts = /^(-?)0x([0-9a-f]+)\.?([0-9a-f]*)p([+-]?\d+)$/.exec(text);
  if (!parts) return Number(text);
  const [, sign, whole, fraction, exponent] = parts;
  const digits = parseInt(`${whole}${fraction}`, 16);
  return Number(`${sign}1`) * digits * 2 ** (Number(exponent) - 4 * fraction!.length);
}

describe('core/wasm/moduleText', function () {
  this.timeout(60_000);

  for (const kernel of ['bytecode', 'nbody', 'quicksort', 'sha256']) {
    it(`has the instructions of ${kernel}'s modules`, () => {
      const modules = modulesOf(kernel);
      assert.ok(modules.length > 0);
      for (const { bytes } of modules) {
        const expected = byLlvm(bytes);
        assert.ok(expected.length > 100);
        assert.deepEqual(byUs(bytes), expected);
      }
    });
  }

  it('has names of exports, as given', () => {
    const [module] = modulesOf('fib');
    const [region] = module!.regions;
    const text = moduleText(module!.bytes, new Map([[region!.name, 'what it is']]));
    assert.match(text, /^\(module\n/);
    // Functions that are imported have the first numbers.
    const imported = text.match(/\(import .* \(func /g)?.length ?? 0;
    assert.match(text, new RegExp(`;; what it is\\n {2}\\(func \\(;${imported};\\) `));
    assert.ok(text.includes(`(export ${JSON.stringify(region!.name)} (func ${imported}))`));
  });
});
