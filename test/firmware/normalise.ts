/**
 * What two transcripts of the same firmware may differ in: lines that name the platform's
 * particulars, each with its reason. Everything else must be equal to the letter.
 */
export interface Rule {
  readonly pattern: RegExp;
  readonly replacement: string;
  readonly reason: string;
}

/** For two machines with the same device tree. */
export const processorRules: readonly Rule[] = [
  {
    pattern: /^(Hit any key to stop autoboot: {2}2 \x08\x08\x08 0) ?$/m,
    replacement: '$1',
    reason: 'U-Boot looks for a key once before it counts and then while: the space tells which',
  },
  {
    pattern: /(rv64imafdc)b(h)/g,
    replacement: '$1$2',
    reason: 'B, ratified in 2024, is Zba, Zbb and Zbs under one letter: QEMU 7.2 does not know it',
  },
  {
    pattern: /^(CPU: .*)_zcd(?=_|$)/m,
    replacement: '$1',
    reason: 'Zcd, ratified in 2023, is a part of C with D: QEMU 7.2 does not know the name',
  },
  {
    pattern: /^(CPU: .*)_smaia_ssaia_sstc/m,
    replacement: '$1_ssaia_sstc_smaia',
    reason:
      'names of machine mode come after those of supervisor mode; QEMU 7.2 goes by the alphabet',
  },
  {
    pattern: /^(Boot HART MHPM (?:Count|Info) *): .*$/m,
    replacement: '$1: <counters>',
    reason: 'how many hardware performance counters count anything is up to the implementation',
  },
  {
    pattern: /^(Boot HART ISA Extensions *: .*?),zihpm/m,
    replacement: '$1',
    reason: 'as above: OpenSBI lists it when it finds a counter that counts',
  },
  {
    pattern: /^(Boot HART Debug Triggers *): .*$/m,
    replacement: '$1: <triggers>',
    reason: 'QEMU has two debug triggers; Sdtrig is optional',
  },
  {
    pattern: /^(Boot HART ISA Extensions *: .*?),sdtrig/m,
    replacement: '$1',
    reason: 'as above: OpenSBI lists what it probed',
  },
  {
    pattern: /^(Experimental SBI Extensions *: .*?),dbtr|^ {2}Debug Triggers Extension\n/gm,
    replacement: '$1',
    reason: 'as above: OpenSBI offers the extension when there are triggers',
  },
  {
    pattern: /^(Firmware (?:Heap|Scratch) Size *: .* \(total\)).*$/gm,
    replacement: '$1 <use>',
    reason: 'as above: the state of the triggers takes heap and scratch space',
  },
  {
    pattern: /^(Boot HART MIDELEG *: 0x0+)1(\w{3})$/m,
    replacement: '$10$2',
    reason: 'bit 12 is set where guest external interrupts are implemented: QEMU has some',
  },
  {
    pattern: /^( {2}(?:Vendor|Architecture|Implementation) ID) \w+$/gm,
    replacement: '$1 <id>',
    reason: "mvendorid, marchid and mimpid name the implementation; QEMU's is its version number",
  },
];

/** In addition, for two machines with device trees of their own. */
export const treeRules: readonly Rule[] = [
  {
    pattern: /^Core: {2}\d+ devices, \d+ uclasses/m,
    replacement: 'Core:  <devices>',
    reason: 'QEMU also has flash, fw_cfg, PCI and eight virtio-mmio slots',
  },
  {
    pattern: /^Flash: .*\n/m,
    replacement: '',
    reason: 'U-Boot prints the line when the tree has a flash',
  },
  {
    pattern: /^(flashstart|flashsize)( *=) \w+$/gm,
    replacement: '$1$2 <flash>',
    reason: 'as above',
  },
  {
    pattern: /^(Working FDT set to|fdt_blob *=|new_fdt *=|fdt_size *=) \w+$/gm,
    replacement: '$1 <fdt>',
    reason: "U-Boot's copy of the tree lies below its heap: its address depends on the tree's size",
  },
  {
    pattern: /^( reserved\[\d\]\t)\[0x8[def]\w+-\w+\], \w+ bytes/gm,
    replacement: '$1[<below U-Boot>]',
    reason: 'as above: what U-Boot reserves begins at that copy',
  },
];

export function normalise(transcript: string, rules: readonly Rule[]): string {
  return rules.reduce((text, rule) => text.replace(rule.pattern, rule.replacement), transcript);
}
