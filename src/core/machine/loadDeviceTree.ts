/**
 * Writes into a device tree's `/chosen` how the guest is started, as a boot loader does. It knows
 * no board. Devicetree Specification v0.4, section 3.6; Linux `Documentation/arch/riscv/boot.rst`.
 */
import { FdtBuilder } from '../formats/fdt/buildFdt.ts';
import type { FdtNode, FdtTree } from '../formats/fdt/fdt.ts';
import type { BootInfo } from './loadTypes.ts';

/** The tree with what `boot` says; properties that it does not mention stay as they are. */
export function describeBoot(tree: FdtTree, boot: BootInfo): FdtTree {
  const { chosen, names } = chosenOf(boot);
  if (names.length === 0) return tree;
  const old = tree.root.children.find((child) => child.name === 'chosen');
  const kept = old?.properties.filter((property) => !names.includes(property.name)) ?? [];
  const merged: FdtNode = {
    name: 'chosen',
    properties: [...kept, ...chosen.properties],
    children: old?.children ?? [],
  };
  const children = old
    ? tree.root.children.map((child) => (child === old ? merged : child))
    : [...tree.root.children, merged];
  return { ...tree, root: { ...tree.root, children } };
}

function chosenOf(boot: BootInfo): { chosen: FdtNode; names: string[] } {
  const chosen = new FdtBuilder().root;
  if (boot.bootargs !== undefined) chosen.strings('bootargs', boot.bootargs);
  if (boot.initrd) {
    // One cell each, as QEMU writes them: an initrd lies below 4 GiB by its placement.
    chosen.cells('linux,initrd-start', boot.initrd.start);
    chosen.cells('linux,initrd-end', boot.initrd.end);
  }
  return { chosen: chosen.node, names: chosen.node.properties.map(({ name }) => name) };
}
