/** What the suites know of the sample guests: their sources say it, so that no line number is copied. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A copy of the sample workspace that a test may write to. */
export function samplesFolder(): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'trapline-')), 'samples');
  cpSync(path.resolve('media/samples'), folder, { recursive: true });
  return folder;
}

/** One-based number of the first line of a source file that contains a text. */
export function lineOf(file: string, text: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${file} has no line with '${text}'`);
  return index + 1;
}
