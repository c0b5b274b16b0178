// What a long bench says of itself meanwhile, and what it has measured when it is interrupted.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BenchError, root } from './process.mjs';

/** On standard error, so that the table alone is on standard output. */
export class Progress {
  done = 0;
  #jobs;
  #measured = 0;
  #started = performance.now();

  constructor(jobs) {
    this.#jobs = jobs;
  }

  begin(world, kernel) {
    this.#measured++;
    if (!process.stderr.isTTY) return;
    const text = `${this.done + 1} of ${this.#jobs.length}: ${kernel} ${world}${this.#left()}`;
    process.stderr.write(`\r\x1b[K${text}`);
  }

  end() {
    this.done++;
    this.clear();
  }

  clear() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #left() {
    const before = this.#measured - 1;
    if (before === 0) return '';
    const each = (performance.now() - this.#started) / before;
    const minutes = (each * (this.#jobs.length - this.done)) / 60_000;
    return `, about ${minutes < 2 ? minutes.toFixed(1) : minutes.toFixed(0)} minutes left`;
  }
}

/** Results of a run that has not come to its end, in .cache/bench/unfinished.json. */
export class Unfinished {
  #file = path.join(root, '.cache/bench/unfinished.json');
  #setting;
  #lines = [];

  /** `setting`: what must be the same for results to belong together. */
  constructor(setting, resume) {
    this.#setting = JSON.stringify(setting);
    if (!resume) return;
    const { setting: then, lines } = existsSync(this.#file)
      ? JSON.parse(readFileSync(this.#file, 'utf8'))
      : {};
    if (then !== this.#setting) {
      throw new BenchError('--resume: no run with the same options was interrupted');
    }
    this.#lines = lines;
  }

  of(world, kernel) {
    const found = this.#lines.filter((line) => line.world === world && line.name === kernel);
    return found.length > 0 ? found : undefined;
  }

  add(lines) {
    this.#lines.push(...lines);
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify({ setting: this.#setting, lines: this.#lines }));
  }

  remove() {
    rmSync(this.#file, { force: true });
  }
}
