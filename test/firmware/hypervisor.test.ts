/** Debian's U-Boot for supervisor mode under our hypervisor, at its own console. */
import assert from 'node:assert/strict';
import { firmwareImages, memoryDump, releases } from './images.ts';
import { runMachine, type MachineRun } from './machine.ts';
import { commandOutput, ubootAutobootSession, ubootSession } from './script.ts';

const timebase = 10_000_000;
const commands = ['version', 'bdinfo', 'sbi', 'md.l 80200000 8', 'sleep 1'];

for (const release of releases) {
  describe(`U-Boot of ${release} in mode guest`, function () {
    this.timeout(300_000);
    let image = '';
    let run: MachineRun;

    before(() => {
      image = firmwareImages(release).ubootS;
      run = runMachine({ program: image, mode: 'guest' }, ubootSession(commands));
    });

    it('powers off with exit code 0', () => {
      assert.equal(run.end.reason, 'shutdown');
      assert.equal(run.end.code, 0);
    });

    it('says its version', () => {
      const banner = /^U-Boot \d{4}\.\d\d\S* \(.*\)$/m.exec(run.transcript);
      assert.ok(banner, run.transcript);
      const answer = commandOutput(run.transcript, 'version');
      assert.equal(answer.split('\n')[0], banner[0]);
    });

    it('finds the memory it was given', () => {
      assert.match(run.transcript, /^DRAM: {2}256 MiB$/m);
      const answer = commandOutput(run.transcript, 'bdinfo');
      assert.match(answer, /^-> start +=\s0x0+80000000$/m);
      assert.match(answer, /^-> size +=\s0x0+10000000$/m);
    });

    it('lists the SBI extensions that the hypervisor answers', () => {
      const answer = commandOutput(run.transcript, 'sbi');
      assert.match(answer, /^SBI \d+\.\d+$/m);
      const extensions = answer.slice(answer.indexOf('Extensions:\n')).split('\n').slice(1);
      const wanted = [
        'SBI Base Functionality',
        'Timer Extension',
        'IPI Extension',
        'RFENCE Extension',
        'Hart State Management Extension',
        'System Reset Extension',
        'Performance Monitoring Unit Extension',
        'Console Putchar',
        'Console Getchar',
        'System Shutdown',
        // The older U-Boot does not know the names.
        ...(release === 'bookworm'
          ? []
          : [
              'Debug Console Extension',
              'System Suspend Extension',
              'Steal-time Accounting Extension',
              'Firmware Features Extension',
            ]),
      ];
      // Nobody answers these here, so a probe must not find them.
      const absent = /Nested Acceleration|Collaborative|Supervisor Software Events|Trigger|Proxy/;
      assert.doesNotMatch(answer, absent);
      const listed = new Set(extensions.map((line) => line.trim()));
      for (const name of wanted) assert.ok(listed.has(name), `'${name}' is missing in\n${answer}`);
    });

    it('sees its own image in memory', () => {
      const answer = commandOutput(run.transcript, 'md.l 80200000 8');
      assert.equal(answer, memoryDump(image, 0x80200000, 8));
    });

    it('sleeps one second of virtual time', () => {
      const typed = 1 + commands.indexOf('sleep 1');
      const [from, to] = [run.marks[typed], run.marks[typed + 1]];
      assert.ok(from && to);
      const seconds = Number(to.time - from.time) / timebase;
      assert.ok(seconds >= 1 && seconds < 1.05, `slept ${seconds} s`);
    });

    it('runs the same way twice', () => {
      const script = ubootSession(['bdinfo']);
      const [first, second] = [1, 2].map(() =>
        runMachine({ program: image, mode: 'guest' }, script),
      );
      assert.ok(first && second);
      assert.equal(second.transcript, first.transcript);
      assert.equal(second.instructions, first.instructions);
      assert.deepEqual(second.marks, first.marks);
    });
  });
}

describe('U-Boot left alone in mode guest', function () {
  this.timeout(300_000);

  it('counts down, finds nothing to boot, and comes to its prompt', () => {
    const { ubootS } = firmwareImages('trixie');
    const run = runMachine({ program: ubootS, mode: 'guest' }, ubootAutobootSession([]));
    assert.match(run.transcript, /Hit any key to stop autoboot: {2}2 \x08{3} 1 \x08{3} 0 \n/);
    assert.equal(run.end.code, 0);
  });
});
