import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { firmwareImages, memoryDump } from './images.ts';
import { normalise, processorRules, treeRules } from './normalise.ts';
import { qemuCpu, qemuProgram, qemuTranscript } from './qemu.ts';
import { commandOutput, ubootSession } from './script.ts';

describe('normalising transcripts', function () {
  this.timeout(180_000);
  const rules = [...processorRules, ...treeRules];
  const script = ubootSession(['version', 'bdinfo', 'sbi', 'md.l 80200000 8', 'sleep 1']);
  let folder = '';
  before(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-'))));
  after(() => rmSync(folder, { recursive: true }));

  /** QEMU's own device tree without the devices that our board does not have. */
  function smallerTree(): string {
    const dtb = path.join(folder, 'small.dtb');
    execFileSync(qemuProgram, ['-M', `virt,dumpdtb=${dtb}`, '-cpu', qemuCpu, '-m', '256M'], {
      stdio: 'ignore',
    });
    const slots = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `/soc/virtio_mmio@1000${n}000`);
    const others = ['/flash@20000000', '/fw-cfg@10100000', '/platform-bus@4000000'];
    for (const node of [...slots, ...others, '/soc/pci@30000000']) {
      execFileSync('fdtput', ['-r', dtb, node]);
    }
    return dtb;
  }

  it('makes transcripts of QEMU with two device trees equal, and hides nothing else', async () => {
    const images = firmwareImages('trixie');
    const common = { bios: images.fwDynamic, kernel: images.ubootS, memory: '256M', script };
    const whole = await qemuTranscript(common);
    const small = await qemuTranscript({ ...common, dtb: smallerTree() });
    assert.notEqual(small, whole);
    assert.equal(normalise(small, rules), normalise(whole, rules));

    const kept = new Set(normalise(whole, rules).split('\n'));
    const hidden = whole.split('\n').filter((line) => !kept.has(line));
    assert.ok(hidden.length <= 20, `more lines hidden than the rules say:\n${hidden.join('\n')}`);
    assert.equal(commandOutput(whole, 'md.l 80200000 8'), memoryDump(images.ubootS, 0x80200000, 8));
  });
});
