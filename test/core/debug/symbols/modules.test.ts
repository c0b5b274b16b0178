/**
 * A kernel module is a file that was not linked, whose sections its loader puts where there is room:
 * with their addresses we say of it what gdb says.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext, ProgramSymbols } from '../../../../src/core/debug/symbols/symbols.ts';
import { buildModule } from './moduleFile.ts';
import { relocationsOf } from '../../../../src/core/registry.ts';

const sections = {
  '.text': 0xffff_ffff_0200_0000n,
  '.init.text': 0xffff_ffff_0301_0000n,
  '.data': 0xffff_ffff_0402_0000n,
  '.sdata': 0xffff_ffff_0402_1000n,
  '.bss': 0xffff_ffff_0403_0000n,
  '.sbss': 0xffff_ffff_0403_1000n,
  '.rodata.str1.8': 0xffff_ffff_0404_0000n,
};
const functions = ['open_device', 'start_module', 'register_device'];

function gdb(file: string, commands: readonly string[]): readonly string[] {
  const { '.text': text, ...others } = sections;
  const places = Object.entries(others).map(([name, at]) => `-s ${name} 0x${at.toString(16)}`);
  const add = `add-symbol-file ${file} 0x${text.toString(16)} ${places.join(' ')}`;
  const all = ['set confirm off', add, ...commands].flatMap((command) => ['-ex', command]);
  const args = ['-nx', '-q', '-batch', '-ex', 'set architecture riscv:rv64', ...all];
  const printed = execFileSync('gdb-multiarch', args, { encoding: 'utf8', stdio: 'pipe' });
  return printed.split('\n').filter((line) => line.startsWith('= '));
}

describe('symbols of a module', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-module-'));
  let file = '';
  let symbols: ProgramSymbols;
  after(() => rmSync(folder, { recursive: true, force: true }));

  before(() => {
    file = buildModule(folder);
    const bytes = readFileSync(file);
    symbols = loadProgramSymbols([{ name: file, bytes, sections }], relocationsOf);
  });

  it('are where gdb has them: functions, objects, lines', () => {
    assert.deepEqual(symbols.problems, []);
    const names = [...functions, 'own', 'opened', 'devices'];
    const asked = names.map((name) => `printf "= ${name} 0x%lx\\n", (unsigned long)&${name}`);
    const own = names.map(
      (name) => `= ${name} 0x${symbols.symbolNamed(name)?.address.toString(16)}`,
    );
    assert.deepEqual(own, gdb(file, asked));
    const places: string[] = [];
    const lines: string[] = [];
    for (const name of functions) {
      const [info] = symbols.functionsNamed(name);
      assert.ok(info);
      for (let pc = info.low; pc < info.high; pc += 2n) {
        const position = symbols.positionAt(pc);
        places.push(`= ${path.basename(position?.path ?? '')} ${position?.line}`);
        const find = `s = gdb.find_pc_line(0x${pc.toString(16)})`;
        lines.push(`python ${find}; print("=", s.symtab.filename.split("/")[-1], s.line)`);
        assert.equal(symbols.callsAt(pc)[0]?.functionName, name);
      }
    }
    assert.ok(places.length > 20, `${places.length} places`);
    assert.deepEqual(places, gdb(file, lines));
  });

  it('have values at their addresses', async () => {
    const memory = new Map([[symbols.symbolNamed('own')?.address ?? 0n, 8]]);
    const context: FrameContext = {
      pc: symbols.functionsNamed('start_module')[0]?.low ?? 0n,
      cfa: undefined,
      readRegister: async () => undefined,
      async readMemory(address, size) {
        const number = memory.get(address);
        return number === undefined ? new Uint8Array(0) : new Uint8Array(size).fill(number, 0, 1);
      },
    };
    const own = await symbols.variableNamed(context, 'own');
    const [number] = (await own?.children?.()) ?? [];
    assert.equal(number?.value, '8');
    assert.equal(own?.address, sections['.data']);
  });

  it('count from 0 where nobody says', () => {
    const alone = loadProgramSymbols([{ name: file, bytes: readFileSync(file) }], relocationsOf);
    const [first] = alone.functionsNamed('open_device');
    assert.ok(first && first.low < 0x1000n);
  });
});
