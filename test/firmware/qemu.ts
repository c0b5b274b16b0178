/**
 * QEMU as the reference: boots the same images as the test and follows the same script. The
 * processor is our default one: RV64GC with the hypervisor extension, Zba to Zbs and Sstc.
 */
import { spawn } from 'node:child_process';
import { ScriptRunner, type Step } from './script.ts';

export interface QemuRun {
  readonly bios: string;
  readonly kernel?: string;
  readonly dtb?: string;
  /** `virt` by default. */
  readonly board?: string;
  /** As QEMU takes it: `256M`. */
  readonly memory: string;
  readonly script: readonly Step[];
  /** Wall-clock seconds after which it is given up. */
  readonly timeout?: number;
}

/** Our default processor: what QEMU 7.2 has by default and we have not is off. */
export const qemuCpu =
  'rv64,h=on,v=off,Zfh=off,Zfhmin=off,Zihintpause=off,zba=on,zbb=on,zbc=on,zbs=on,sstc=on';

export const qemuProgram = 'qemu-system-riscv64';

/** The console's transcript, from reset to the end of QEMU. */
export function qemuTranscript(run: QemuRun): Promise<string> {
  const args = [
    ...['-M', run.board ?? 'virt', '-cpu', qemuCpu, '-m', run.memory],
    ...['-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
    ...['-bios', run.bios],
    ...(run.kernel === undefined ? [] : ['-kernel', run.kernel]),
    ...(run.dtb === undefined ? [] : ['-dtb', run.dtb]),
  ];
  return new Promise((resolve, reject) => {
    const runner = new ScriptRunner(run.script);
    const qemu = spawn(qemuProgram, args, { stdio: 'pipe' });
    let errors = '';
    const timer = setTimeout(() => qemu.kill('SIGKILL'), (run.timeout ?? 60) * 1000);
    qemu.stdout.on('data', (bytes: Buffer) => {
      const { send } = runner.output(bytes);
      if (send !== '') qemu.stdin.write(send);
    });
    qemu.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
    // QEMU that has ended no longer takes what was typed; its end is reported below.
    qemu.stdin.on('error', () => undefined);
    qemu.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${qemuProgram}: ${error.message}; install it (Debian: qemu-system-misc)`));
    });
    qemu.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0 && runner.finished) resolve(runner.text);
      else reject(new Error(qemuFailure(code, runner, errors)));
    });
  });
}

function qemuFailure(code: number | null, runner: ScriptRunner, errors: string): string {
  const end = code === null ? 'was killed' : `ended with code ${code}`;
  return `QEMU ${end} at ${runner.waitingFor}\n${errors}${runner.text.slice(-2000)}`;
}
