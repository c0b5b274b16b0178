import assert from 'node:assert/strict';
import { ramBase, ramSize, rig } from './rig.ts';
import { addRom, ones, romBase } from './sbiCalls.ts';

const handled = [
  0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354, 0x504d55, 0x53555350, 0x535441,
  0x46574654,
];
const base = BigInt(ramBase);
const end = BigInt(ramBase + ramSize);
/** Values at which something may change its mind. */
const edges = [
  ...[0n, 1n, 2n, 3n, 5n, 7n, 63n, 64n, 4096n, 1n << 31n, 1n << 32n, 1n << 63n, ones, ones - 63n],
  ...[base, base + 64n, base + 4096n, end - 4096n, end - 64n, end, romBase, 0xf0005n, 0xf0100n],
];

/** A linear congruential generator: the same calls in every run. */
function random(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(below));
  };
}

describe('SBI: calls at random', () => {
  for (const kvmQuirks of [false, true]) {
    it(`all have a defined answer${kvmQuirks ? ', as KVM too' : ''}`, () => {
      const next = random(kvmQuirks ? 7 : 1);
      const r = rig({ harts: 3, sstc: true, kvmQuirks });
      addRom(r);
      const seen = new Set<string>();
      for (let i = 0; i < 20_000; i++) {
        const ext = handled[next(handled.length)] ?? 0;
        const fn = next(10);
        const args = Array.from({ length: 6 }, () => {
          const edge = edges[next(edges.length)] ?? 0n;
          return next(4) === 0 ? BigInt(next(2 ** 30)) << BigInt(next(35)) : edge;
        });
        const id = next(3);
        const [hart, vcpu] = [r.harts[id], r.vcpus[id]];
        assert(hart && vcpu);
        if (vcpu.mpState === 'stopped') {
          vcpu.start(base, 0n);
          vcpu.run(1);
        }
        const { pc } = hart;
        hart.ecall(ext, fn, ...args);
        const { exit } = vcpu.run(1);
        const shown = `${ext.toString(16)} ${fn} (${args.join(', ')})`;
        assert(['intr', 'halted', 'systemEvent'].includes(exit.kind), `${shown}: ${exit.kind}`);
        seen.add(`${ext.toString(16)} ${exit.kind}`);
        if (vcpu.waiting) {
          hart.setCsr(0x204, 2n);
          vcpu.raiseSoftwareInterrupt();
          vcpu.run(1);
          hart.setCsr(0x645, 0n);
          continue;
        }
        if (exit.kind !== 'intr' || hart.pc !== pc + 4n) continue;
        const error = BigInt.asIntN(64, hart.getX(10));
        assert(error <= 0n && error >= -14n, `${shown}: ${error}`);
        r.exits.at(-1)?.text();
        r.exits.length = 0;
      }
      const outcomes = ['48534d halted', '53525354 systemEvent', '53555350 intr', '535441 intr'];
      for (const outcome of outcomes) assert(seen.has(outcome), outcome);
    });
  }
});
