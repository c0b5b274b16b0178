/** What the suites know of the sample guests: their sources say it, so that no line number is copied. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A copy of the sample workspace that a test may write to. */
export function samplesFolder(): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'trapline-')), 'samples');
  cpSync(path.resolve('media/samples'), folder, { recursive: true });
  return folder;
}

/** The workspace with only one of its launch configurations, so that F5 starts this one. */
export function folderFor(sample: string): string {
  const folder = samplesFolder();
  const file = path.join(folder, '.vscode/launch.json');
  const launch = JSON.parse(readFileSync(file, 'utf8')) as { configurations: { name: string }[] };
  launch.configurations = launch.configurations.filter(({ name }) => name.startsWith(sample));
  writeFileSync(file, JSON.stringify(launch));
  return folder;
}

/** One-based number of the first line of a source file that contains a text. */
export function lineOf(file: string, text: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${file} has no line with '${text}'`);
  return index + 1;
}
