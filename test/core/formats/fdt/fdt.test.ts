import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FdtBuilder } from '../../../../src/core/formats/fdt/buildFdt.ts';
import { cellsOf, nodeAt, propertyOf, stringsOf } from '../../../../src/core/formats/fdt/fdt.ts';
import { fdtToSource, propertyToSource } from '../../../../src/core/formats/fdt/fdtSource.ts';
import { FdtError, looksLikeFdt, readFdt } from '../../../../src/core/formats/fdt/readFdt.ts';
import { writeFdt } from '../../../../src/core/formats/fdt/writeFdt.ts';

function dtc(from: string, to: string, input: Uint8Array | string): Buffer {
  const result = spawnSync('dtc', ['-q', '-I', from, '-O', to], { input });
  assert.equal(result.status, 0, result.stderr.toString());
  return result.stdout;
}

function sample(): FdtBuilder {
  const builder = new FdtBuilder();
  builder.reserve(0x80000000n, 0x1000n);
  builder.reserve(0x1_0000_0000n, 0x20_0000n);
  const { root } = builder;
  root.cells('#address-cells', 2).cells('#size-cells', 2).strings('compatible', 'a,b', 'c"d\\e');
  const bus = root.child('bus');
  bus.flag('ranges').cells64('reg', 0x80000000, 0x1_2345_6789n);
  bus.bytes('odd', Uint8Array.of(1, 2, 0xff)).bytes('leadingNul', Uint8Array.of(0, 0x38, 0x40, 0));
  // 'cells' ends '#size-cells': the strings block holds it only once.
  bus.cells('cells', 0xffffffff);
  const controller = bus.child('controller@0');
  bus.child('device@1').cells('interrupt-parent', controller.phandle());
  return builder;
}

describe('flattened device tree', () => {
  it('is byte for byte what dtc writes for the same tree', () => {
    const ours = writeFdt(sample().tree(3));
    const source = dtc('dtb', 'dts', ours).toString();
    const result = spawnSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb', '-b', '3'], { input: source });
    assert.deepEqual([...ours], [...result.stdout]);
  });

  it('comes back through our source and dtc', () => {
    const tree = sample().tree();
    const back = readFdt(new Uint8Array(dtc('dts', 'dtb', fdtToSource(tree))));
    assert.deepEqual(back, tree);
  });

  it('comes back through our reader', () => {
    const tree = sample().tree(7);
    assert.deepEqual(readFdt(writeFdt(tree)), tree);
  });

  it('gives values back in the forms they were written in', () => {
    const { root } = readFdt(writeFdt(sample().tree()));
    const bus = nodeAt(root, '/bus')!;
    assert.deepEqual(cellsOf(propertyOf(bus, 'reg')!), [0, 0x80000000, 1, 0x23456789]);
    assert.deepEqual(stringsOf(propertyOf(root, 'compatible')!), ['a,b', 'c"d\\e']);
    assert.equal(propertyOf(bus, 'absent'), undefined);
    assert.equal(nodeAt(root, '/bus/none'), undefined);
    assert.deepEqual(
      cellsOf(propertyOf(nodeAt(root, '/bus/device@1')!, 'interrupt-parent')!),
      cellsOf(propertyOf(nodeAt(root, '/bus/controller@0')!, 'phandle')!),
    );
  });

  it('reads what QEMU dumps, and writes it as dtc does', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'fdt-'));
    try {
      const file = path.join(folder, 'qemu.dtb');
      const args = ['-M', `virt,dumpdtb=${file}`, '-smp', '3', '-display', 'none'];
      assert.equal(spawnSync('qemu-system-riscv64', args).status, 0);
      const dump = new Uint8Array(readFileSync(file));
      assert.ok(looksLikeFdt(dump));
      const tree = readFdt(dump);
      assert.equal(nodeAt(tree.root, '/cpus')!.children.length, 4);
      const ours = writeFdt(tree);
      assert.deepEqual(dtc('dtb', 'dts', ours).toString(), dtc('dtb', 'dts', dump).toString());
      writeFileSync(file, fdtToSource(tree));
      assert.deepEqual(readFdt(new Uint8Array(dtc('dts', 'dtb', fdtToSource(tree)))), tree);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows bytes, cells and strings as dtc would take them', () => {
    assert.equal(propertyToSource(Uint8Array.of(0, 0, 1, 0)), '<0x100>');
    assert.equal(propertyToSource(Uint8Array.of(0x61, 0, 0x62, 0)), '"a", "b"');
    assert.equal(propertyToSource(Uint8Array.of(1, 2, 3)), '[01 02 03]');
  });

  it('answers any damage with an error that carries an offset', () => {
    const good = writeFdt(sample().tree());
    let refused = 0;
    let seed = 12345;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 3000; round++) {
      const bad = good.slice(0, round % 3 === 0 ? random(good.length) : good.length);
      for (let i = 0; i < 3 && bad.length > 0; i++) bad[random(bad.length)] = random(256);
      try {
        readFdt(bad);
      } catch (error) {
        assert.ok(error instanceof FdtError, `seed 12345, round ${round}: ${String(error)}`);
        refused++;
      }
    }
    assert.ok(refused > 1000);
    assert.throws(() => readFdt(good.slice(0, 100)), /file has 100 bytes of \d+ \(at offset 0x4\)/);
    assert.throws(() => readFdt(new Uint8Array(64)), /magic number is missing \(at offset 0x0\)/);
  });
});
