/**
 * Runs the programs of folders, a folder being a suite:
 *   node test/suites.mjs [--isa ISA] [--engine ENGINE] [--max N] [--write] FILE|FOLDER...
 * `NAME.reference` or `NAME.elf`'s `NAME.reference` beside a program is the signature that it must
 * leave; `--write` leaves ours as `NAME.signature`. See test/suites/README.md.
 */
import { readdirSync, readFileSync, statSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ElfFile } from '../../src/core/formats/elf/elf.ts';
import { runSuiteProgram, type SuiteOptions } from './suiteProgram.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    isa: { type: 'string' },
    engine: { type: 'string' },
    max: { type: 'string' },
    write: { type: 'boolean' },
  },
});
const options: SuiteOptions = {
  ...(values.isa === undefined ? {} : { isa: values.isa }),
  ...(values.engine === undefined ? {} : { engine: values.engine }),
  ...(values.max === undefined ? {} : { maxInstructions: Number(values.max) }),
};

let failed = 0;
let ran = 0;
for (const [suite, files] of suites(positionals)) {
  const failures = files.flatMap((file) => {
    const failure = run(file);
    return failure === undefined ? [] : [`  ${path.basename(file)}: ${failure}`];
  });
  ran += files.length;
  failed += failures.length;
  console.log(`${suite}: ${files.length} programs, ${failures.length} failed`);
  for (const line of failures) console.log(line);
}
console.log(`${ran - failed} of ${ran} passed`);
process.exitCode = failed > 0 || ran === 0 ? 1 : 0;

function run(file: string): string | undefined {
  const stem = file.replace(/\.elf$/, '');
  const reference = existsSync(`${stem}.reference`)
    ? readFileSync(`${stem}.reference`, 'utf8')
    : undefined;
  try {
    const bytes = new Uint8Array(readFileSync(file));
    const { failure, signature } = runSuiteProgram(file, bytes, reference, options);
    if (values.write && signature !== undefined) writeFileSync(`${stem}.signature`, signature);
    return failure;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** ELF files by the folder they lie in. */
function suites(names: readonly string[]): Map<string, string[]> {
  const all = new Map<string, string[]>();
  const add = (file: string): void => {
    const folder = path.dirname(file);
    all.set(folder, [...(all.get(folder) ?? []), file]);
  };
  const walk = (name: string): void => {
    if (!statSync(name).isDirectory()) return add(name);
    for (const entry of readdirSync(name).sort()) {
      const file = path.join(name, entry);
      if (statSync(file).isDirectory()) walk(file);
      else if (ElfFile.recognises(readFileSync(file).subarray(0, 4))) add(file);
    }
  };
  for (const name of names) walk(name);
  return all;
}
