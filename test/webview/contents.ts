/** What the tests of the views' pages show in them. */
import type { CsrRow, WalkBody } from '../../src/adapter/protocol.ts';
import type { ToWebview } from '../../src/webview/messages.ts';

export const register = (name: string, value: string, more: Partial<CsrRow> = {}): CsrRow => ({
  ...{ name, number: 0x180, description: `about ${name}`, section: '', changed: false },
  ...{ value, writable: true, fields: [] },
  ...more,
});

const mode = { name: 'MODE', high: 63, low: 60, value: '0x8', meaning: 'Sv39', description: '' };

export const csrs = (satp: string, changed = false): ToWebview => ({
  type: 'content',
  content: {
    view: 'csrs',
    hart: 0,
    groups: [
      {
        name: 'Supervisor',
        registers: [
          register('satp', satp, { changed, fields: [{ ...mode, changed }] }),
          register('time', '0x1', { writable: false }),
        ],
      },
    ],
  },
});

/** So many pages, each 2 MiB behind the one before, the first of them being logged as written. */
export const mappings = (count: number): ToWebview => ({
  type: 'content',
  content: {
    ...{ view: 'mappings', hart: 0, stage: 'guest', mode: 'guest', filter: '' },
    table: {
      ...{ list: 1, title: 'Sv39x4', total: count, matching: count, from: 0, truncated: false },
      dirtyLog: { logging: true, pages: 1 },
      rows: Array.from({ length: count }, (_, i) => ({
        input: `0x${(0x8000_0000 + i * 0x20_0000).toString(16)}`,
        ...{ size: '0x1000', output: '0x90000000', pageSize: '0x1000', permissions: 'rw-u' },
        ...{ accessed: true, dirty: i === 0, memoryType: '', backing: 'slot 0' },
      })),
    },
  },
});

export const refusedWalk: WalkBody = {
  ...{ address: '0x80200abc', space: 'guestPhysical', access: 'load' },
  steps: [{ stage: 'G-stage', text: 'level 2', entry: '0x2', flags: '------R-' }],
  refusal: { cause: 21, text: 'V (bit 0) is 0: not valid', section: 'Privileged' },
  text: 'steps\nas the console says',
};
