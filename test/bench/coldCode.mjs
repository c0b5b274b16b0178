// A program of many distinct functions, each called as often as asked: what code costs that hardly
// anybody repeats. Made and built when the bench runs; the same numbers give the same program.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './process.mjs';

const functions = 4000;
const statements = 12;

/** Path of the ELF file that calls each function so many times, in turn. */
export function coldKernel(calls) {
  const folder = path.join(root, `.cache/bench/cold${calls}`);
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, 'test/bench/kernels'), folder, { recursive: true });
  writeFileSync(path.join(folder, 'cold.c'), source(calls));
  const make = ['-s', '-C', folder, 'cold.elf', 'CC=riscv64-unknown-elf-gcc'];
  execFileSync('make', make, { stdio: 'pipe' });
  return path.join(folder, 'cold.elf');
}

function source(calls) {
  const random = numbers(12345);
  const names = Array.from({ length: functions }, (_, i) => `f${i}`);
  return `#include "runtime.h"
static uint64_t memory[64];
${names.map((name) => functionText(name, random)).join('\n')}
typedef uint64_t (*function)(uint64_t, uint64_t);
static const function all[] = {${names.join(', ')}};
uint64_t main(void) {
  uint64_t a = 1, b = 2;
  for (int call = 0; call < ${calls}; call++) {
    for (int i = 0; i < ${functions}; i++) {
      uint64_t next = all[i](a, b);
      a = b;
      b = next;
    }
  }
  return a ^ b;
}
`;
}

function functionText(name, random) {
  const body = Array.from({ length: statements }, () => statement(random));
  return `__attribute__((noinline)) static uint64_t ${name}(uint64_t a, uint64_t b) {
  ${body.join('\n  ')}
  return a ^ b;
}`;
}

function statement(random) {
  const [to, from] = random(2) ? ['a', 'b'] : ['b', 'a'];
  const constant = random(1 << 20);
  const forms = [
    `${to} += ${from} * ${constant | 1};`,
    `${to} ^= ${from} >> ${1 + random(62)};`,
    `if ((${from} & ${1 << random(8)}) != 0) ${to} -= ${constant};`,
    `${to} += memory[${random(64)}];`,
    `memory[${random(64)}] = ${to} + ${constant};`,
    `for (int i = 0; i < ${2 + random(3)}; i++) ${to} = ${to} * 5 + ${from};`,
  ];
  return forms[random(forms.length)];
}

/** Numbers below a limit, the same in every run (xorshift32). */
function numbers(seed) {
  let x = seed;
  return (limit) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % limit;
  };
}
