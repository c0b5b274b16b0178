/** A folder of modules for one test, and the parts of a script on it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Scratch {
  readonly folder: string;
  file(name: string): string;
  write(name: string, source: string): string;
}

export function scratch(): Scratch {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => path.join(folder, name);
  return {
    folder,
    file,
    write(name, source) {
      mkdirSync(path.dirname(file(name)), { recursive: true });
      writeFileSync(file(name), source);
      return file(name);
    },
  };
}
