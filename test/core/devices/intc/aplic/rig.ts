/** APLICs with lines or messages that a test can look at, and their registers by name. */
import { Aplic } from '../../../../../src/core/devices/intc/aplic/aplic.ts';
import type { AplicDomain } from '../../../../../src/core/devices/intc/aplic/domain.ts';
import * as r from '../../../../../src/core/devices/intc/aplic/registers.ts';
import { Line } from '../../qtest.ts';

export const SOURCES = 96;

export function direct(harts = 2) {
  const lines = () => Array.from({ length: harts }, () => new Line());
  const [machine, supervisor] = [lines(), lines()];
  const aplic = new Aplic(SOURCES, { machine, supervisor });
  return { aplic, lines: { machine, supervisor }, ...registersOf(aplic.machine) };
}

export function byMessages() {
  const sent: [address: number, data: number][] = [];
  const aplic = new Aplic(SOURCES, { sendMsi: (address, data) => sent.push([address, data]) });
  // A machine with two harts as QEMU's board lays it out, with room for one guest file.
  const { machine } = aplic;
  machine.write(r.mmsiaddrcfg, 4, 0x24000);
  machine.write(r.mmsiaddrcfgh, 4, 1 << 12);
  machine.write(r.smsiaddrcfg, 4, 0x28000);
  machine.write(r.smsiaddrcfgh, 4, 1 << 20);
  return { aplic, sent, ...registersOf(machine) };
}

export function registersOf(domain: AplicDomain) {
  const read = (offset: number) => domain.read(offset, 4) >>> 0;
  const write = (offset: number, value: number) => domain.write(offset, 4, value >>> 0);
  return {
    ...{ domain, read, write },
    configure: (i: number, value: number) => write(r.sourcecfg + 4 * i, value),
    target: (i: number, value: number) => write(r.target + 4 * i, value),
    idc: (hart: number, register: number) => r.IDC + hart * r.IDC_STRIDE + register,
    pending: (i: number) => (read(r.setip + 4 * (i >> 5)) >>> (i & 31)) & 1,
    rectified: (i: number) => (read(r.in_clrip + 4 * (i >> 5)) >>> (i & 31)) & 1,
    enabled: (i: number) => (read(r.setie + 4 * (i >> 5)) >>> (i & 31)) & 1,
  };
}

export const toHart = (hart: number, rest: number) => ((hart << r.HART_INDEX_SHIFT) | rest) >>> 0;
