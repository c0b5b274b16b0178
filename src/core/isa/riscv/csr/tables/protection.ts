/** Physical memory protection (privileged manual, PMP): 16 entries. */
import { pmpEntries } from '../../pmp.ts';
import { CSR } from '../numbers.ts';
import { effect, field, group, type CsrHart, type CsrSpec } from '../row.ts';

const affects = effect.protection;

/** The configuration of eight entries; RV32 has every second four under the odd number. */
function configuration(first: number): CsrSpec {
  const number = CSR.pmpcfg0 + first / 4;
  const entries = Array.from({ length: 8 }, (_, i) =>
    field(`pmp${first + i}cfg`, [i * 8 + 7, i * 8], 'L, A, X, W, R of the entry.'),
  );
  return [
    number,
    `pmpcfg${first / 4}`,
    `Physical memory protection, entries ${first} to ${first + 7}.`,
    {
      affects,
      fields: entries,
      upper: [number + 1, `pmpcfg${first / 4 + 1}`],
      write: (h, value) => {
        h.state.setCsr(number, h.pmp.legalConfig(number, value));
        h.pmp.update();
      },
    },
  ];
}

function address(entry: number): CsrSpec {
  const number = CSR.pmpaddr0 + entry;
  return [
    number,
    `pmpaddr${entry}`,
    `Address of protection entry ${entry}, shifted right by 2.`,
    {
      affects,
      fields: [
        field('address', [53, 0], 'Bits 55:2 of the address.', { xlen: 64 }),
        field('address', [31, 0], 'Bits 33:2 of the address.', { xlen: 32 }),
      ],
      write: (h: CsrHart, value) => {
        if (h.pmp.addressLocked(entry)) return;
        h.state.setCsr(number, value);
        h.pmp.update();
      },
    },
  ];
}

export const protection = group('Memory protection', 'Privileged: physical memory protection', [
  ...Array.from({ length: pmpEntries / 8 }, (_, i) => configuration(i * 8)),
  ...Array.from({ length: pmpEntries }, (_, i) => address(i)),
]);
