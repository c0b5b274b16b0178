/**
 * Shows a device tree as source text (DTS) that `dtc` compiles back to the same tree. A property's
 * type is not recorded in the flattened form, so it is guessed from the bytes as `dtc` does.
 *
 * Devicetree Specification v0.4, chapter 6.
 */
import { cellsOf, type FdtNode, type FdtTree } from './fdt.ts';

export function fdtToSource(tree: FdtTree): string {
  const lines = ['/dts-v1/;', ''];
  for (const { address, size } of tree.reservations) {
    lines.push(`/memreserve/ 0x${address.toString(16)} 0x${size.toString(16)};`);
  }
  writeNode(tree.root, '', lines);
  return `${lines.join('\n')}\n`;
}

/** One property as source: `<0x1 0x2>`, `"a", "b"`, `[00 ff]`, or '' for an empty one. */
export function propertyToSource(value: Uint8Array): string {
  if (value.length === 0) return '';
  const strings = printableStrings(value);
  if (strings) return strings.map((s) => `"${escape(s)}"`).join(', ');
  const cells = cellsOf(value);
  if (cells) return `<${cells.map((cell) => `0x${cell.toString(16)}`).join(' ')}>`;
  return `[${[...value].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}]`;
}

function writeNode(node: FdtNode, indent: string, lines: string[]): void {
  lines.push(`${indent}${node.name === '' ? '/' : node.name} {`);
  const inner = `${indent}\t`;
  for (const { name, value } of node.properties) {
    const source = propertyToSource(value);
    lines.push(source === '' ? `${inner}${name};` : `${inner}${name} = ${source};`);
  }
  node.children.forEach((child, i) => {
    if (i > 0 || node.properties.length > 0) lines.push('');
    writeNode(child, inner, lines);
  });
  lines.push(`${indent}};`);
}

/** The strings of a value that is a list of non-empty printable strings. */
function printableStrings(value: Uint8Array): string[] | undefined {
  if (value[value.length - 1] !== 0) return undefined;
  const strings: string[] = [];
  let text = '';
  for (const byte of value) {
    if (byte === 0) {
      if (text === '') return undefined;
      strings.push(text);
      text = '';
    } else if (byte < 0x20 || byte > 0x7e) {
      return undefined;
    } else {
      text += String.fromCharCode(byte);
    }
  }
  return strings;
}

function escape(text: string): string {
  return text.replace(/["\\]/g, (c) => `\\${c}`);
}
