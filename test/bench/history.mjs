// What former runs of the bench measured: a line of JSON for each in .cache/bench/history.jsonl.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { BenchError, geometricMean, root } from './process.mjs';

const file = path.join(root, '.cache/bench/history.jsonl');

export function remember({ name, ...rest }) {
  mkdirSync(path.dirname(file), { recursive: true });
  const head = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  const entry = {
    date: new Date().toISOString(),
    commit: head.stdout.trim(),
    name,
    host: os.hostname(),
    processor: os.cpus()[0]?.model,
    ...rest,
  };
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** The newest run of kernels so long, with that name or commit if one is wanted; undefined without any. */
export function earlier(wanted, length) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const all = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  const entries = all.filter((entry) => entry.length === length);
  if (wanted === undefined) return entries.at(-1);
  const found = entries.findLast(({ name, commit }) => name === wanted || commit === wanted);
  if (!found)
    throw new BenchError(
      `--against: no run of this length named '${wanted}', nor of such a commit`,
    );
  return found;
}

/** Ratios to QEMU then and now: those, since machines and their neighbours differ. */
export function compareWith({ date, commit, name, results: before }, results) {
  const pairs = results.flatMap((now) => {
    const same = (r) => r.side === now.side && r.name === now.name && r.world === now.world;
    const then = before.find(same);
    return now.side !== 'qemu' && now.ratio && then?.ratio ? [{ now, then }] : [];
  });
  if (pairs.length === 0) return;
  console.log(`\nagainst ${name ?? commit} of ${date.slice(0, 16).replace('T', ' ')}`);
  for (const { now, then } of pairs) {
    const title = `${now.name} ${now.world}`.padEnd(18) + now.side.padEnd(16);
    console.log(title + change(then.ratio, now.ratio));
  }
  for (const side of new Set(pairs.map(({ now }) => now.side))) {
    const own = pairs.filter(({ now }) => now.side === side);
    const [then, now] = ['then', 'now'].map((key) => geometricMean(own.map((p) => p[key].ratio)));
    console.log('geometric mean'.padEnd(18) + side.padEnd(16) + change(then, now));
  }
}

function change(then, now) {
  const percent = `${now >= then ? '+' : ''}${((now / then - 1) * 100).toFixed(0)}%`;
  return [then.toFixed(2), now.toFixed(2), percent].map((text) => text.padStart(9)).join('');
}
