/**
 * Which tables translate what a hart's mode fetches (privileged manual, satp; hypervisor, vsatp and
 * hgatp). Identifiers are what software has chosen and may change; the root page is the space.
 */
import type { AddressSpace } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import { asidOf, rootOf, vmidOf } from './pageTable.ts';

export function addressSpaceOf(state: HartState): AddressSpace | undefined {
  const { privilege, virtualized, xlen } = state;
  if (privilege === 3) return undefined;
  const register = virtualized ? CSR.vsatp : CSR.satp;
  const words = (number: number) => [state.low(number), state.high(number)] as const;
  const own = words(register);
  const first = rootOf(xlen, ...own);
  const ids: Record<string, number> = first.scheme ? { asid: asidOf(xlen, ...own) } : {};
  if (!virtualized) return first.scheme && { key: hexPage(first.page), ids };
  const outer = words(CSR.hgatp);
  const second = rootOf(xlen, ...outer);
  if (second.scheme) ids['vmid'] = vmidOf(xlen, ...outer);
  if (!first.scheme && !second.scheme) return undefined;
  const roots = [first, second].map(({ scheme, page }) => (scheme ? hexPage(page) : 'bare'));
  return { key: roots.join(' in '), ids };
}

const hexPage = (page: number) => `0x${page.toString(16)}`;
