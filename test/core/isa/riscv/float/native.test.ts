/** When floating-point instructions are carried out without TypeScript, and that then nothing differs. */
import assert from 'node:assert/strict';
import { ramBase, rig, type Rig } from '../rig.ts';

const FS = 0x6000n;
const [clean, dirty] = [0x4000n, 0x6000n];
const NX = 1n;
const [RUP, reserved] = [3n, 5n];

/** Doubles and singles as registers hold them. */
const d = (value: number): bigint => new BigUint64Array(Float64Array.of(value).buffer)[0]!;
const s = (value: number): bigint =>
  0xffff_ffff_0000_0000n | BigInt(new Uint32Array(Float32Array.of(value).buffer)[0]!);

interface Setting {
  readonly fs?: bigint;
  readonly fcsr?: bigint;
}

/** A hart about to execute the lines, and how often TypeScript was asked to carry one out. */
function unit(
  lines: readonly string[],
  registers: Readonly<Record<string, bigint>>,
  { fs = dirty, fcsr = NX }: Setting = {},
): { r: Rig; asked: () => number } {
  const source = ['.option arch, +d', '.option norvc', ...lines].join('\n');
  const r = rig(source, { isa: 'rv64gc_zfh_zfa' });
  r.setCsr('mtvec', BigInt(ramBase + 0x1000));
  r.setCsr('mstatus', FS);
  r.setCsr('fcsr', fcsr);
  for (const [name, value] of Object.entries(registers)) r.hart.writeRegister(name, value);
  r.setCsr('mstatus', fs);
  let count = 0;
  const host = r.hart.host.bind(r.hart);
  r.hart.host = (...args) => {
    count++;
    return host(...args);
  };
  return { r, asked: () => count };
}

const inexact = { fa1: d(1), fa2: d(3), fa3: d(0.1), fs1: s(1), fs2: s(3), fs3: s(0.1), a1: 7n };

/** Everything that programs usually compute, on operands whose results are mostly rounded. */
const program = ['d fa', 's fs'].flatMap((both) => {
  const [suffix, r] = both.split(' ');
  const two = `${r}1, ${r}2`;
  return [
    ...['fadd', 'fsub', 'fmul', 'fdiv', 'fmin', 'fmax', 'fsgnj', 'fsgnjn', 'fsgnjx'].map(
      (name) => `${name}.${suffix} ft0, ${two}`,
    ),
    ...['fmadd', 'fmsub', 'fnmsub', 'fnmadd'].map((name) => `${name}.${suffix} ft1, ${two}, ${r}3`),
    ...['feq', 'flt', 'fle'].map((name) => `${name}.${suffix} a0, ${two}`),
    ...['w', 'wu', 'l', 'lu'].flatMap((i) =>
      ['rtz', 'rne', 'rup', 'rdn', 'dyn']
        .map((rm) => `fcvt.${i}.${suffix} a0, ${r}3, ${rm}`)
        .concat(`fcvt.${suffix}.${i} ft2, a1`),
    ),
    `fsqrt.${suffix} ft3, ${r}2`,
    `fclass.${suffix} a0, ${r}1`,
  ];
});
program.push('fcvt.s.d ft4, fa3', 'fcvt.d.s ft5, fs3', 'fmv.x.d a0, fa1', 'fmv.d.x ft6, a1');
program.push('fmv.x.w a0, fs1', 'fmv.w.x ft7, a1', 'fdiv.d ft0, fa1, fa2, rne');

describe('core/isa/riscv/float native forms', () => {
  it('carry out all that programs usually do, once inexact is raised', () => {
    const { r, asked } = unit(program, inexact);
    r.step(program.length);
    assert.equal(asked(), 0);
    assert.equal(r.csr('fcsr'), NX);
    assert.equal(r.x('ft3'), s(Math.sqrt(3)));
    assert.equal(r.x('ft1'), s(-3.1));
  });

  it('need not know that inexact is raised where nothing is rounded', () => {
    const exact = { fa1: d(6), fa2: d(4), fa3: d(-5), fs1: s(6), fs2: s(4), fs3: s(-5), a1: 7n };
    const divisions = /fdiv|^fcvt\.(wu|lu)\.[sd]|fcvt.*rup|fcvt.*rdn/;
    const lines = [...program.filter((line) => !divisions.test(line)), 'fdiv.d ft0, fa1, fa2'];
    const { r, asked } = unit(lines, exact, { fcsr: 0n });
    r.step(lines.length);
    assert.equal(asked(), 0);
    assert.equal(r.csr('fcsr'), 0n);
    assert.equal(r.x('ft0'), d(1.5));
  });

  it('ask for the first inexact result, and from then on no more', () => {
    for (const line of ['fadd.d ft0, fa1, fa3', 'fmadd.s ft0, fs1, fs2, fs3', 'fcvt.w.d a0, fa3']) {
      const { r, asked } = unit([line, line, line], inexact, { fcsr: 0n });
      r.step(3);
      assert.equal(asked(), 1, line);
      assert.equal(r.csr('fcsr'), NX, line);
    }
  });

  it('ask what a NaN is for only where that raises a flag', () => {
    const canonical = 0x7ff8_0000_0000_0000n;
    const boxedNaN = 0xffff_ffff_7fc0_0000n;
    const quiet = unit(['feq.d a0, fa1, fa1', 'feq.s a2, fs1, fs2'], {
      ...inexact,
      fa1: canonical,
      fs1: boxedNaN,
      a0: 5n,
      a2: 5n,
    });
    quiet.r.step(2);
    assert.deepEqual([quiet.r.x('a0'), quiet.r.x('a2'), quiet.asked()], [0n, 0n, 0]);
    const signaling = unit(['feq.d a0, fa1, fa1', 'flt.d a2, fa2, fa3'], {
      ...inexact,
      fa1: canonical - 1n,
      fa3: canonical,
    });
    signaling.r.step(1);
    assert.equal(signaling.r.csr('fflags'), 0x10n | NX);
    signaling.r.step(1);
    assert.equal(signaling.asked(), 2);
  });

  it('ask in other rounding modes, static and dynamic', () => {
    const third = d(1 / 3);
    const up = unit(['fdiv.d ft0, fa1, fa2', 'fdiv.d ft1, fa1, fa2, rne'], inexact, {
      fcsr: (RUP << 5n) | NX,
    });
    up.r.step(2);
    // To nearest, a third is rounded down.
    assert.deepEqual([up.r.x('ft0'), up.r.x('ft1')], [third + 1n, third]);
    const fixed = unit(['fdiv.d ft0, fa1, fa2, rtz', 'fdiv.d ft1, fa1, fa2, rup'], inexact);
    fixed.r.step(2);
    assert.equal(fixed.asked(), 2);
    assert.equal(fixed.r.x('ft1') - fixed.r.x('ft0'), 1n);
  });

  it('leave a reserved dynamic mode to the trap, also where nothing is rounded', () => {
    // The assembler knows no dynamic mode of FCVT.D.W and FCVT.D.S.
    const unwritten = ['.word 0xd205f053', '.word 0x4205f553'];
    for (const line of ['fadd.d ft0, fa1, fa3', ...unwritten]) {
      const { r } = unit([line], inexact, { fcsr: (reserved << 5n) | NX });
      assert.equal(r.hart.run(1).retired, 0, line);
      assert.equal(r.csr('mcause'), 2n, line);
    }
  });

  it('mark the unit dirty with the first write, and none that only reads', () => {
    const reads = ['feq.d a0, fa1, fa2', 'fmv.x.d a0, fa1', 'fclass.d a0, fa1'];
    const quiet = unit(reads, inexact, { fs: clean });
    quiet.r.step(reads.length);
    assert.equal(quiet.r.csr('mstatus') & FS, clean);
    assert.equal(quiet.asked(), 0);
    for (const line of ['fsgnj.d ft0, fa1, fa1', 'fadd.d ft0, fa1, fa2', 'fmv.d.x ft0, a1']) {
      const { r, asked } = unit([line, line], inexact, { fs: clean });
      r.step(2);
      assert.equal(r.csr('mstatus') & FS, dirty, line);
      assert.equal(asked(), 1, line);
    }
  });

  it('notice when a program changes mode or flags', () => {
    const lines = ['fdiv.d ft0, fa1, fa2', 'fsrmi 3', 'fdiv.d ft1, fa1, fa2', 'fsrmi 0'];
    lines.push('fsflagsi 0', 'fdiv.d ft2, fa1, fa2', 'frflags a0');
    const { r } = unit(lines, inexact);
    r.step(lines.length);
    const third = d(1 / 3);
    assert.deepEqual([r.x('ft0'), r.x('ft1'), r.x('ft2')], [third, third + 1n, third]);
    assert.equal(r.x('a0'), NX);
  });
});
