import assert from 'node:assert/strict';
import { frameContext } from '../../../../src/core/debug/symbols/unwind.ts';
import type { FrameContext, Variable } from '../../../../src/core/debug/symbols/symbols.ts';
import { SymbolError } from '../../../../src/core/debug/symbols/symbols.ts';
import { fixtures, type Fixture } from '../../formats/dwarf/fixtures.ts';
import { leaves, observe, type Stop } from './observed.ts';

const chosen = fixtures.filter((f) => f.bits === 64);

/** Text that gdb and we write differently. */
function plain(text: string | undefined): string | undefined {
  if (text === undefined || text.startsWith('<')) return text && '<none>';
  return text.replace(/^\((.* \| .*|\w+)\)$/, '$1');
}

describe('variables', () => {
  for (const fixture of chosen) {
    it(`have the values and types that gdb gives them: ${fixture.name}`, async () => {
      let compared = 0;
      for (const { gdbFrames, frames, symbols, target } of await observe(fixture)) {
        const calls = frames.flatMap((frame) =>
          symbols.callsAt(frame.lookupPc).map((_, depth) => ({ frame, depth })),
        );
        for (const [i, gdb] of gdbFrames.entries()) {
          const call = calls[i];
          const context = call && frameContext(frames, call.frame.index, target);
          assert.ok(context);
          const found: Record<string, string> = {};
          const types: Record<string, string> = {};
          for (const variable of await symbols.locals(context, call.depth)) {
            if (variable.name in types) continue;
            types[variable.name] = variable.type;
            await leaves(variable, variable.name, found);
          }
          for (const [path, value] of Object.entries(gdb.variables)) {
            // gdb takes for granted that callees left caller-saved registers alone; we do not.
            if (i > 0 && /was not saved/.test(found[path] ?? '')) continue;
            const where = `${path} in ${gdb.function}, frame ${i}`;
            assert.equal(plain(found[path]), plain(value), where);
            compared++;
          }
          const shape = (type: string | undefined) => type?.replace(/[ {}….]/g, '');
          for (const [name, type] of Object.entries(gdb.types)) {
            assert.equal(shape(types[name]), shape(type), `${name} in ${gdb.function}`);
          }
        }
      }
      assert.ok(compared > 60);
    });
  }

  describe('in main', () => {
    const fixture = chosen.find((f) => f.name === 'gcc -O0 DWARF 5');

    it('are written as in C', async () => {
      const { context, stop } = await stopInMain(fixture);
      const check = async (name: string, type: string, value: string) => {
        const variable = await stop.symbols.variableNamed(context, name);
        assert.deepEqual([variable?.type, variable?.value], [type, value], name);
      };
      await check('numbers', 'int [4]', '{1, 2, 3, -4}');
      await check('flags', 'enum flags', 'READ | EXECUTE');
      await check('letter', 'char', "120 'x'");
      await check('big', 'long long', '-1234567890123');
      await check('word', 'unsigned short', '65535');
      await check('nothing', 'void *', '0x0');
      await check('greeting', 'const char [12]', '"hi\\n\\"there\\""');
      await check('table', 'unsigned char [2][3]', '{"\\x01\\x02\\x03", "\\x04\\x05\\xfa"}');
      await check('ratio', 'volatile double', '2.5');
      await check('small', 'float', '0.1');
      await check('truth', '_Bool', 'true');
      const operate = await stop.symbols.variableNamed(context, 'operate');
      assert.equal(operate?.type, 'operation');
      assert.match(operate?.value ?? '', /^0x800[0-9a-f]+ <add>$/);
      const first = await stop.symbols.variableNamed(context, 'first');
      assert.match(
        first?.value ?? '',
        /^\{name = 0x[0-9a-f]+ "first", next = 0x[0-9a-f]+, where = \{x = 10, y = 20\}, color = NEGATIVE, ready = 0, level = 15, wide = 5\}$/,
      );
      assert.equal(await stop.symbols.variableNamed(context, 'absent'), undefined);
    });

    it('expand, with expressions that name them', async () => {
      const { context, stop } = await stopInMain(fixture);
      const first = await stop.symbols.variableNamed(context, 'first');
      const next = (await first?.children?.())?.find((c) => c.name === 'next');
      assert.equal(next?.expression, 'first.next');
      const where = (await next?.children?.())?.find((c) => c.name === 'where');
      const x = (await where?.children?.())?.[0];
      assert.deepEqual([x?.expression, x?.value], ['first.next->where.x', '-1']);
      const name = (await next?.children?.())?.[0];
      const letter = (await name?.children?.())?.[0];
      assert.deepEqual([letter?.expression, letter?.value], ['*first.next->name', "115 's'"]);
      const numbers = await stop.symbols.variableNamed(context, 'numbers');
      assert.equal(numbers?.indexedCount, 4);
      const window = await numbers?.children?.(2, 5);
      assert.deepEqual(
        window?.map((v) => [v.name, v.expression, v.value]),
        [
          ['[2]', 'numbers[2]', '3'],
          ['[3]', 'numbers[3]', '-4'],
        ],
      );
    });

    it('are changed in memory and registers, and refuse what does not fit', async () => {
      const { context, stop } = await stopInMain(fixture);
      const writes: [bigint, number[]][] = [];
      const memory = new Map<bigint, number>();
      const writable: FrameContext = {
        ...context,
        readMemory: async (address, size) => {
          const bytes = Uint8Array.from(await context.readMemory(address, size));
          return bytes.map((byte, i) => memory.get(address + BigInt(i)) ?? byte);
        },
        writeMemory: async (address, bytes) => {
          writes.push([address, [...bytes]]);
          bytes.forEach((byte, i) => memory.set(address + BigInt(i), byte));
          return bytes.length;
        },
      };
      const named = async (name: string): Promise<Variable> => {
        const variable = await stop.symbols.variableNamed(writable, name);
        assert.ok(variable);
        return variable;
      };
      const word = await named('word');
      assert.equal((await word.assign?.('0x12'))?.value, '18');
      assert.deepEqual(writes, [[word.address, [0x12, 0]]]);
      assert.equal((await (await named('flags')).assign?.('WRITE'))?.value, 'WRITE');
      assert.equal((await (await named('letter')).assign?.("'\\n'"))?.value, "10 '\\n'");
      assert.equal((await (await named('ratio')).assign?.('-1.25'))?.value, '-1.25');
      assert.equal((await (await named('truth')).assign?.('false'))?.value, 'false');
      const members = await (await named('first')).children?.();
      const level = members?.find((m) => m.name === 'level');
      assert.equal((await level?.assign?.('-16'))?.value, '-16');
      // Neighbours in the same bytes keep their values.
      const after = await (await named('first')).children?.();
      assert.deepEqual(
        after?.filter((m) => /^(ready|level|wide)$/.test(m.name)).map((m) => m.value),
        ['0', '-16', '5'],
      );
      for (const text of ['65536', '-32769', 'x', '', '1.5']) {
        await assert.rejects(async () => word.assign?.(text), SymbolError, text);
      }
      await assert.rejects(async () => level?.assign?.('32'), SymbolError);
      assert.equal((await named('first')).assign, undefined);
      const frozen = await stop.symbols.variableNamed(context, 'word');
      assert.equal(frozen?.assign, undefined);
    });
  });

  it('in registers are changed there', async () => {
    const fixture = chosen.find((f) => f.name === 'gcc -O2 DWARF 5');
    assert.ok(fixture);
    const [stop] = await observe(fixture);
    assert.ok(stop);
    const registers = new Map<number, bigint>();
    const base = frameContext(stop.frames, 0, stop.target);
    assert.ok(base);
    const context: FrameContext = {
      pc: base.pc,
      cfa: base.cfa,
      readMemory: base.readMemory,
      readRegister: async (number) => registers.get(number) ?? base.readRegister(number),
      writeRegister: async (number, value) => void registers.set(number, value),
    };
    const number = await stop.symbols.variableNamed(context, 'number');
    assert.equal(number?.kind, 'parameter');
    assert.equal((await number?.assign?.('-2'))?.value, '-2');
    // a0, sign-extended as the calling convention keeps an int.
    assert.deepEqual([...registers], [[10, 0xffff_ffff_ffff_fffen]]);
  });

  it('of the unit are its globals and statics', async () => {
    const { context, stop } = await stopInMain(chosen[0]);
    const globals = await stop.symbols.globals(context);
    assert.deepEqual(globals.map((v) => v.name).sort(), [
      'greeting',
      'ratio',
      'shared_counter',
      'sink',
      'small',
      'table',
      'truth',
    ]);
    // A static of another unit is found last.
    const shadow = await stop.symbols.variableNamed(context, 'shared_counter_shadow');
    assert.deepEqual([shadow?.kind, shadow?.value], ['global', '3']);
    const opaque = await stop.symbols.variableNamed(context, 'opaque');
    assert.deepEqual([opaque?.type, opaque?.value], ['struct hidden *', '0x0']);
  });
});

async function stopInMain(
  fixture: Fixture | undefined,
): Promise<{ stop: Stop; context: FrameContext }> {
  assert.ok(fixture);
  const stops = await observe(fixture);
  const stop = stops.at(-1);
  assert.ok(stop);
  const index = stop.frames.findIndex((f) => stop.symbols.functionAt(f.lookupPc)?.name === 'main');
  const context = frameContext(stop.frames, index, stop.target);
  assert.ok(context);
  return { stop, context };
}
