// Breakpoints by name and by line and types of casts in the debug file of Debian's kernel, beside
// gdb: time and memory of processes that have just started. The file is in the system's cache for both.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { kernelDebugFile } from '../tools/debian.mjs';
import { bundled } from './inProcess.mjs';
import { BenchError, root } from './process.mjs';

const cases = [
  { kind: 'name', places: ['do_sys_openat2', 'vfs_read', 'tcp_sendmsg'] },
  { kind: 'line', places: ['fs/open.c:1400', 'kernel/sched/core.c:6700', 'net/ipv4/tcp.c:1300'] },
  { kind: 'cast', places: ['struct task_struct', 'struct tcp_sock', 'struct kvm'] },
];
const targets = { cold: 2000, again: 100, memory: 600 };

export async function measureDwarf({ runs, nodes }) {
  const file = kernelDebugFile();
  const folder = path.join(root, 'out/bench-dwarf');
  mkdirSync(folder, { recursive: true });
  const bundle = await bundled('dwarf/dwarf.ts', folder);
  console.log(`${path.basename(file)}, ${Math.round(statSync(file).size / 1e6)} MB`);
  console.log(`medians of ${runs}, milliseconds and MiB`);
  const columns = ['first', 'again', 'another', 'memory', 'places'];
  console.log(`${''.padEnd(34)}${columns.map((c) => c.padStart(9)).join('')}`);
  for (const { kind, places } of cases) {
    const args = [file, kind, ...places];
    for (const node of nodes) {
      const ours = measure(runs, () => run(node, [bundle, ...args]));
      print(`${kind}, Trapline on Node ${ours[0]?.node}`, ours);
      const index = ours.map((r) => r.index);
      const memory = median(ours.map((r) => r.memory.all));
      const third = text(median(ours.map((r) => r.indexed.milliseconds)));
      const took = `${text(median(index.map((i) => i.milliseconds)))} ms in steps of at most`;
      const longest = text(median(index.map((i) => i.longest)));
      console.log(`  index of all names: ${took} ${longest} ms, then ${text(memory)} MiB`);
      console.log(`  with it a third one: ${third} ms`);
    }
    print(
      `${kind}, gdb-multiarch`,
      measure(runs, () => gdb(...args)),
    );
  }
  console.log(`targets: first ${targets.cold}, again ${targets.again}, memory ${targets.memory}`);
}

function measure(runs, run) {
  return Array.from({ length: runs }, run);
}

function print(name, results) {
  const figure = (pick) => text(median(results.map(pick))).padStart(9);
  const figures = [
    ...['cold', 'again', 'another'].map((step) => figure((r) => r[step].milliseconds)),
    figure((r) => r.memory.lookups),
    String(median(results.map((r) => r.cold.places))).padStart(9),
  ];
  console.log(name.padEnd(34) + figures.join(''));
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new BenchError(`${path.basename(command)}: ${result.stderr}`);
  const line = result.stdout.split('\n').find((l) => l.startsWith('{'));
  if (!line) throw new BenchError(`${path.basename(command)} printed no result: ${result.stderr}`);
  return JSON.parse(line);
}

/** The same asked of gdb, timed by its own Python from the start of reading the file. */
function gdb(file, kind, first, second) {
  const script = `
import gdb, json, resource, time
def timed(look):
    start = time.monotonic()
    places = look()
    return {"milliseconds": (time.monotonic() - start) * 1000, "places": places}
def look(place):
    if "${kind}" == "cast":
        return 1 if gdb.lookup_type(place).sizeof > 0 else 0
    text = gdb.execute("break " + place, to_string=True)
    return 1 if "Breakpoint" in text else 0
def first():
    gdb.execute("file ${file}", to_string=True)
    return look("${first}")
result = {"cold": timed(first), "again": timed(lambda: look("${first}")), "another": timed(lambda: look("${second}"))}
result["memory"] = {"lookups": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
print(json.dumps(result))
`;
  return run('gdb-multiarch', [
    '-nx',
    '-q',
    '-batch',
    '-ex',
    `python exec(${JSON.stringify(script)})`,
  ]);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function text(value) {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
