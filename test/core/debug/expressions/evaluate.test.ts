import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  evaluateNumber,
  type Names,
  type Place,
  type Types,
} from '../../../../src/core/debug/expressions/evaluate.ts';
import {
  floating,
  operand,
  type Operand,
} from '../../../../src/core/debug/expressions/operands.ts';
import { parseExpression } from '../../../../src/core/debug/expressions/parse.ts';
import { programTypes } from '../../../../src/core/debug/symbols/programTypes.ts';

interface CVariable {
  readonly type: string;
  readonly bits: number;
  readonly signed: boolean;
  readonly value: bigint;
}

/** By name; the C program of the test declares the same. */
const variables: Readonly<Record<string, CVariable>> = {
  a: { type: 'int32_t', bits: 32, signed: true, value: -7n },
  b: { type: 'int32_t', bits: 32, signed: true, value: 2147483647n },
  c: { type: 'int64_t', bits: 64, signed: true, value: -9_000_000_000n },
  d: { type: 'int64_t', bits: 64, signed: true, value: 3n },
  u: { type: 'uint64_t', bits: 64, signed: false, value: 0xffff_ffff_ffff_fff0n },
  v: { type: 'uint64_t', bits: 64, signed: false, value: 5n },
  w: { type: 'uint32_t', bits: 32, signed: false, value: 0xf000_0001n },
  h: { type: 'int16_t', bits: 16, signed: true, value: -300n },
  k: { type: 'uint8_t', bits: 8, signed: false, value: 250n },
};

/** What every compiler knows, without any program. */
const types = programTypes(
  { module: undefined, unit: undefined, setting: undefined as never },
  [],
) as unknown as Types<Place>;
const floats: Readonly<Record<string, readonly [type: string, bits: 32 | 64, value: number]>> = {
  f: ['float', 32, 2.5],
  g: ['double', 64, -1e10 / 3],
};

const names: Names<Place> = {
  types,
  find: async (name) => {
    const float = floats[name];
    if (float) return { expression: name, number: async () => floating(float[2], float[1]) };
    const variable = variables[name];
    if (!variable) return undefined;
    const { value, bits, signed } = variable;
    return { expression: name, number: async () => operand(value, bits, signed) };
  },
};

const evaluated = (text: string) => evaluateNumber(parseExpression(text), names);

/** Every operator over pairs of every type, and shapes in which precedence and laziness matter. */
function expressions(): string[] {
  const list = ['-a', '~a', '!a', '+k', '-k', '~h', '-w', '~w', '-u', '~v', '!u', '!(v - 5)'];
  const operators = ['*', '+', '-', '/', '%', '<', '<=', '>', '>=', '==', '!=', '&', '|', '^'];
  for (const left of Object.keys(variables)) {
    for (const right of Object.keys(variables)) {
      for (const operator of [...operators, '&&', '||']) {
        // Overflow of a signed type has no meaning in C that could be compared.
        list.push(`${left} ${operator} ${right}`);
      }
    }
    for (const count of ['0', '1', '7', 'd', 'v']) {
      list.push(`${left} >> ${count}`);
      list.push(`${left} << ${count}`);
    }
  }
  const literals = [
    '0x80000000',
    '2147483648',
    '-1',
    '4294967295u',
    "'a'",
    '010',
    '1ul',
    '0xffffffffffffffff',
  ];
  for (const literal of literals) {
    for (const name of ['a', 'c', 'u', 'w', 'k']) {
      for (const operator of ['<', '>', '==', '&', '+', '-']) {
        list.push(`${name} ${operator} ${literal}`);
      }
    }
  }
  for (const name of [...Object.keys(variables), 'f', 'g']) {
    for (const type of ['char', 'signed char', 'unsigned char', 'short', 'int', 'unsigned long']) {
      // Out of range of an integer a floating-point number has no meaning in C.
      if (name !== 'f' && name !== 'g') list.push(`(${type})${name}`, `(${type})${name} + 1`);
    }
    list.push(`(double)${name}`, `(float)${name} / 3`, `(int32_t)${name}`.replace(/.*[cug]$/, 'a'));
    for (const operator of ['*', '+', '-', '/', '<', '<=', '>', '>=', '==', '!=', '&&', '||']) {
      list.push(`${name} ${operator} f`, `g ${operator} ${name}`, `${name} ${operator} 0.1f`);
    }
    list.push(`-f * ${name}`, `!f + ${name}`, `sizeof(${name})`);
  }
  list.push('(uint8_t)300', '(int8_t)200 >> 1', '(long)f', '(bool)2', 'sizeof(long[3])');
  list.push('sizeof(char *)', 'sizeof(f + g)', '(size_t)-1', '1e3 + 1', '.5f + .25f', '1 / 4.0');
  list.push('a + d * v - c % d', '(a + d) * v', 'a < d == 1', 'a & d | v ^ 3', 'a | d << 2 + 1');
  list.push('d == 3 && v == 5 || 1 / (d - 3)', 'd == 3 || 1 / (d - 3)', 'd != 3 && 1 % (d - 3)');
  list.push(
    'a < 0 ? c : d',
    'u < 0 ? 1 : 2',
    'a < w',
    'c < u',
    'h < w',
    'k - 251 < 0',
    '-a / 2',
    'a / 2',
    'a % 2',
  );
  return list;
}

describe('evaluating expressions', () => {
  it('computes what a C compiler computes', async function () {
    this.timeout(60_000);
    const list = expressions();
    const expected = computedByC(list);
    const differing: string[] = [];
    for (const [index, text] of list.entries()) {
      const { value, bits, signed, float } = await evaluated(text);
      const plain = `${value} ${bits / 8} ${signed ? 'signed' : 'unsigned'}`;
      const ours = float === undefined ? plain : `${float} ${bits / 8} floating`;
      const theirs = expected[index]?.replace(/^\S+(?= \d+ floating)/, (n) => `${Number(n)}`);
      if (ours !== theirs) differing.push(`${text}: ${ours}, in C ${theirs}`);
    }
    assert.ok(list.length > 1400);
    assert.deepEqual(differing, []);
  });

  it('says what has no value', async () => {
    await assert.rejects(evaluated('a / (d - 3)'), /-7 \/ 0 has no value/);
    await assert.rejects(evaluated('a % 0'), /-7 % 0 has no value/);
    await assert.rejects(evaluated('a << 32'), /-7 << 32 has no value: the left side has 32 bits/);
    await assert.rejects(evaluated('a >> -1'), /has no value/);
    await assert.rejects(evaluated('nothing + 1'), /'nothing' is no variable/);
    await assert.rejects(evaluated('&a'), /'a' is not in memory/);
    await assert.rejects(evaluated('a.x'), /'a' has no members/);
    await assert.rejects(evaluated('*a'), /'a' is not a pointer/);
    await assert.rejects(evaluated('(a + 1).x'), /'a \+ 1' is not a pointer/);
  });

  it('counts in elements where pointers are moved', async () => {
    const pointer = (value: bigint): Operand => ({ ...operand(value, 64, false), stride: 24 });
    const pointers: Names<Place> = {
      find: async (name) => ({
        expression: name,
        number: async () => pointer(name === 'p' ? 0x1000n : 0x1048n),
      }),
    };
    const value = async (text: string) =>
      (await evaluateNumber(parseExpression(text), pointers)).value;
    assert.equal(await value('p + 2'), 0x1030n);
    assert.equal(await value('1 + p'), 0x1018n);
    assert.equal(await value('q - p'), 3n);
    assert.equal(await value('p - q'), -3n);
    assert.equal(await value('q - 1 == p + 2'), 1n);
    assert.equal(await value('p < q'), 1n);
  });

  it("knows an enumerator where the other side's type does", async () => {
    const named = (name: string) => (name === 'DONE' ? 4n : undefined);
    const phases: Names<Place> = {
      find: async (name) =>
        name === 'phase'
          ? { expression: name, number: async () => ({ ...operand(4n, 32, false), named }) }
          : undefined,
    };
    const value = async (text: string) =>
      (await evaluateNumber(parseExpression(text), phases)).value;
    assert.equal(await value('phase == DONE'), 1n);
    assert.equal(await value('DONE != phase'), 0n);
    await assert.rejects(value('phase == GONE'), /'GONE' is no variable/);
    await assert.rejects(value('GONE == DONE'), /'GONE' is no variable/);
  });
});

/** Value, size and signedness of each, by a compiler of this machine. */
function computedByC(list: readonly string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-expressions-'));
  try {
    const source = path.join(folder, 'table.c');
    const declarations = Object.entries(variables).map(
      ([name, { type, value }]) =>
        `static volatile ${type} ${name} = (${type})${BigInt.asUintN(64, value)}ull;`,
    );
    const rows = list.map((text) => `  show(${text});`);
    writeFileSync(
      source,
      [
        '#include <stdint.h>',
        '#include <stdio.h>',
        '#define is_signed(e) _Generic((e), signed char: 1, short: 1, int: 1, long: 1, long long: 1, default: 0)',
        '#define is_floating(e) _Generic((e), float: 1, double: 1, default: 0)',
        '#define show(e) do { if (is_floating(e)) \\',
        '  printf("%.17g %d floating\\n", (double)(e), (int)sizeof(e)); \\',
        '  else if (is_signed(e)) \\',
        '  printf("%lld %d signed\\n", (long long)(e), (int)sizeof(e)); \\',
        '  else printf("%llu %d unsigned\\n", (unsigned long long)(e), (int)sizeof(e)); } while (0)',
        '#include <stdbool.h>',
        ...declarations,
        ...Object.entries(floats).map(([n, [t, , v]]) => `static volatile ${t} ${n} = ${v};`),
        'int main(void) {',
        ...rows,
        '  return 0;',
        '}',
      ].join('\n'),
    );
    const program = path.join(folder, 'table');
    // Signed overflow wraps around in a debugger; -fwrapv has the compiler say the same.
    execFileSync('cc', [
      '-std=gnu11',
      '-O0',
      '-w',
      '-fwrapv',
      '-funsigned-char',
      '-o',
      program,
      source,
    ]);
    return execFileSync(program, { encoding: 'utf8', maxBuffer: 1 << 24 })
      .trim()
      .split('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
