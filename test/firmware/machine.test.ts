/**
 * Debian's firmware owning the whole machine: OpenSBI with U-Boot for supervisor mode after it, and
 * U-Boot for machine mode alone. QEMU boots the same images in the same test; both transcripts
 * must be equal but for what `normalise.ts` lists.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { firmwareImages, releases, type FirmwareImages } from './images.ts';
import { deviceTreeOf, makeMachine, runMachine, type Launch, type MachineRun } from './machine.ts';
import { normalise, processorRules, treeRules } from './normalise.ts';
import { qemuTranscript } from './qemu.ts';
import { ubootSession } from './script.ts';

interface Boot {
  readonly name: string;
  /** What runs first, and what it hands over to. */
  files(images: FirmwareImages): { readonly bios: string; readonly kernel?: string };
  readonly commands: readonly string[];
  /** QEMU's board and what makes ours alike, where it is not the plain one. */
  readonly board?: string;
  readonly launch?: Partial<Launch>;
}

const supervisorCommands = ['version', 'bdinfo', 'sbi', 'md.l 80200000 8', 'sleep 1'];
const boots: readonly Boot[] = [
  {
    name: 'OpenSBI fw_dynamic and U-Boot',
    files: (images) => ({ bios: images.fwDynamic, kernel: images.ubootS }),
    commands: supervisorCommands,
  },
  {
    name: 'OpenSBI fw_dynamic and U-Boot with APLIC and IMSICs',
    files: (images) => ({ bios: images.fwDynamic, kernel: images.ubootS }),
    commands: supervisorCommands,
    board: 'virt,aia=aplic-imsic,aia-guests=1',
    launch: { aia: { controllers: 'aplic-imsic', guests: 1 } },
  },
  {
    name: 'OpenSBI fw_dynamic and U-Boot with an APLIC',
    files: (images) => ({ bios: images.fwDynamic, kernel: images.ubootS }),
    commands: supervisorCommands,
    board: 'virt,aia=aplic',
    launch: { aia: { controllers: 'aplic', guests: 0 } },
  },
  {
    name: 'OpenSBI fw_jump and U-Boot',
    files: (images) => ({ bios: images.fwJump, kernel: images.ubootS }),
    commands: supervisorCommands,
  },
  {
    name: 'U-Boot in machine mode',
    files: (images) => ({ bios: images.ubootM }),
    commands: ['version', 'bdinfo', 'md.l 80000000 8', 'sleep 1'],
  },
];

for (const release of releases) {
  for (const boot of boots) {
    describe(`${boot.name}, ${release}, in mode machine`, function () {
      this.timeout(300_000);
      const script = ubootSession(boot.commands);
      const board = boot.board === undefined ? {} : { board: boot.board };
      let files: ReturnType<Boot['files']>;
      let launch: Launch;
      let run: MachineRun;
      let folder = '';

      before(() => {
        folder = mkdtempSync(path.join(os.tmpdir(), 'trapline-'));
        files = boot.files(firmwareImages(release));
        const programs =
          files.kernel === undefined
            ? { program: files.bios }
            : { program: files.kernel, firmware: files.bios };
        launch = { mode: 'machine', ...programs, ...boot.launch };
        run = runMachine(launch, script);
      });
      after(() => rmSync(folder, { recursive: true, force: true }));

      it('powers off with exit code 0', () => {
        assert.equal(run.end.reason, 'shutdown');
        assert.equal(run.end.code, 0);
      });

      it("matches QEMU's transcript", async () => {
        const qemu = await qemuTranscript({ ...files, ...board, memory: '256M', script });
        const rules = [...processorRules, ...treeRules];
        assert.equal(normalise(run.transcript, rules), normalise(qemu, rules));
      });

      it('matches QEMU with our device tree in every line but what names the processor', async () => {
        const dtb = path.join(folder, 'ours.dtb');
        writeFileSync(dtb, deviceTreeOf(makeMachine(launch)));
        const qemu = await qemuTranscript({ ...files, ...board, memory: '256M', script, dtb });
        assert.equal(normalise(run.transcript, processorRules), normalise(qemu, processorRules));
      });

      it('runs the same way twice', () => {
        const short = ubootSession(['bdinfo']);
        const [first, second] = [1, 2].map(() => runMachine(launch, short));
        assert.ok(first && second);
        assert.equal(second.transcript, first.transcript);
        assert.equal(second.instructions, first.instructions);
        assert.deepEqual(second.marks, first.marks);
      });
    });
  }
}
