import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import { frameContext, unwind } from '../../../../src/core/debug/symbols/unwind.ts';
import { riscvIsa } from '../../../../src/core/isa/riscv/riscv.ts';
import { buildAlone, fixtures } from '../../formats/dwarf/fixtures.ts';
import { observe, symbolsOf } from './observed.ts';

const chosen = fixtures.filter((f) => f.bits === 64);

describe('unwind', () => {
  for (const fixture of chosen) {
    it(`finds the frames, lines and registers that gdb finds: ${fixture.name}`, async () => {
      const stops = await observe(fixture);
      assert.ok(stops.length >= 4);
      for (const { gdbFrames, frames, symbols } of stops) {
        const calls = frames.flatMap((frame) =>
          symbols.callsAt(frame.lookupPc).map((call) => ({ frame, call })),
        );
        const actual = calls.slice(0, gdbFrames.length).map(({ frame, call }) => ({
          pc: frame.pc.toString(),
          function: call.functionName,
          line: call.position?.line,
          inlined: call.inlined,
        }));
        const expected = gdbFrames.map(({ pc, function: name, line, inlined }) => ({
          pc,
          function: name,
          line,
          inlined,
        }));
        assert.deepEqual(actual, expected);
        gdbFrames.forEach((gdb, i) => {
          const frame = calls[i]?.frame;
          // The return address of a caller is not saved; gdb shows its pc instead.
          for (const [name, value] of Object.entries(gdb.registers)) {
            if (name === 'ra' && i > 0) continue;
            assert.equal(frame?.register(name), BigInt(value), `${name} in frame ${i}`);
          }
        });
      }
    });

    it(`goes through assembly to the first function: ${fixture.name}`, async () => {
      const stops = await observe(fixture);
      let through = 0;
      for (const { frames, symbols } of stops) {
        const names = frames.map((f) => symbols.callsAt(f.lookupPc).at(-1)?.functionName ?? '');
        assert.match(names.at(-1) ?? '', /^_start/);
        assert.equal(names.at(-2), 'main');
        if (!names.includes('through_assembly')) continue;
        through++;
        const main = frames[names.indexOf('main')];
        assert.equal(main?.foundBy, 'framePointer');
        assert.deepEqual(names.slice(0, 3), ['checkpoint', 'callee', 'through_assembly']);
      }
      assert.ok(through > 0);
    });
  }

  it('ends at the limit, at a pc without code and at a stack that goes round', async () => {
    const [fixture] = chosen;
    assert.ok(fixture);
    const [stop] = await observe(fixture);
    assert.ok(stop);
    const { symbols, target } = stop;
    assert.equal((await unwind(symbols, target, { isa: riscvIsa(64), maxFrames: 2 })).length, 2);
    const nowhere = {
      readRegisters: async (names: readonly string[]) => names.map(() => 0n),
      readMemory: async () => new Uint8Array(0),
    };
    const lost = await unwind(symbols, nowhere, { isa: riscvIsa(64) });
    assert.deepEqual(
      lost.map((f) => f.pc),
      [0n],
    );
    // In `deep` with every word of the stack pointing into `deep` itself.
    const deep = symbols.functionsNamed('deep')[0];
    assert.ok(deep);
    const inside = deep.afterPrologue + 2n;
    const round = {
      readRegisters: async (names: readonly string[]) =>
        names.map((name) => {
          if (name === 'pc' || name === 'ra') return inside;
          return name === 'sp' ? 0x80003000n : 0x80004000n;
        }),
      readMemory: async (_: bigint, size: number) => {
        const bytes = new Uint8Array(size);
        const view = new DataView(bytes.buffer);
        for (let i = 0; i + 8 <= size; i += 8) view.setBigUint64(i, inside, true);
        return bytes;
      },
    };
    const frames = await unwind(symbols, round, { isa: riscvIsa(64) });
    assert.ok(frames.length > 1 && frames.length < 10, `${frames.length} frames`);
  });

  it('unwinds a leaf without call-frame information by its return address', async () => {
    const fixture = chosen[0];
    assert.ok(fixture);
    const symbols = symbolsOf(fixture);
    const through = symbols.functionsNamed('through_assembly')[0];
    const main = symbols.functionsNamed('main')[0];
    assert.ok(through && main);
    const returnsTo = main.low + 8n;
    const target = {
      readRegisters: async (names: readonly string[]) =>
        names.map((n) => (n === 'pc' ? through.low : n === 'ra' ? returnsTo : 0x80004000n)),
      readMemory: async () => new Uint8Array(0),
    };
    const frames = await unwind(symbols, target, { isa: riscvIsa(64) });
    assert.deepEqual(
      frames.map((f) => [f.pc, f.foundBy]),
      [
        [through.low, 'registers'],
        [returnsTo, 'returnAddress'],
      ],
    );
    const context = frameContext(frames, 1, target);
    assert.equal(context?.pc, returnsTo - 1n);
    assert.equal(await context?.readRegister(2), 0x80004000n);
    assert.equal(frameContext(frames, 2, target), undefined);
  });

  it('crosses a trap frame to the interrupted instruction', async () => {
    const file = buildAlone('trap.S');
    const symbols = loadProgramSymbols([{ name: file, bytes: readFileSync(file) }]);
    const at = (name: string) => symbols.functionsNamed(name)[0]?.low ?? 0n;
    // GNU as counts calls as they were before the linker relaxed them; symbols are right.
    assert.equal(symbols.functionsNamed('trap_entry')[0]?.high, at('handle'));
    const stack = 0x80004000n;
    const interrupted = at('interrupted') + 2n;
    const values = [at('_start') + 4n, 0x1234n, interrupted, 0n];
    const memory = new DataView(new ArrayBuffer(256));
    values.forEach((value, i) => memory.setBigUint64(i * 8, value, true));
    const registers: Record<string, bigint> = {
      pc: at('handle'),
      ra: at('handle') - 10n,
      sp: stack,
      a0: 1n,
      s1: 77n,
    };
    const target = {
      readRegisters: async (names: readonly string[]) => names.map((name) => registers[name]),
      readMemory: async (address: bigint, size: number) =>
        address >= stack && address < stack + 256n
          ? new Uint8Array(memory.buffer, Number(address - stack), size)
          : new Uint8Array(0),
    };
    const frames = await unwind(symbols, target, { isa: riscvIsa(64) });
    assert.deepEqual(
      frames.map((f) => symbols.callsAt(f.lookupPc)[0]?.functionName),
      ['handle', 'trap_entry', 'interrupted', '_start'],
    );
    const [, , where] = frames;
    // The instruction there was not executed yet, unlike a call; its registers are all known.
    assert.deepEqual([where?.pc, where?.lookupPc], [interrupted, interrupted]);
    assert.deepEqual(
      ['sp', 'a0', 's1', 'ra'].map((name) => where?.register(name)),
      [stack + 32n, 0x1234n, 77n, at('_start') + 4n],
    );
    // What a call may change is not known of the caller of a function.
    assert.equal(frames[3]?.register('a0'), undefined);
    assert.equal(frames[3]?.register('s1'), 77n);
  });
});
