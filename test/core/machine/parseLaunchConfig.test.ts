import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseLaunchRequest } from '../../../src/adapter/launch.ts';
import { UserError } from '../../../src/core/base/userError.ts';
import type { CallRule } from '../../../src/core/machine/launchConfig.ts';
import { parseLaunchConfig } from '../../../src/core/machine/parseLaunchConfig.ts';
import { nearest } from '../../../src/core/base/nearest.ts';

const program = 'kernel.elf';

function refused(attributes: Record<string, unknown>, message: string | RegExp, subject?: string) {
  assert.throws(
    () => parseLaunchConfig({ program, ...attributes }),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      if (subject !== undefined) assert.equal(error.subject, subject);
      return true;
    },
  );
}

const rules = (calls: unknown): readonly CallRule[] => parseLaunchConfig({ program, calls }).calls;

describe('parseLaunchConfig', () => {
  it('fills in what is not said', () => {
    assert.deepEqual(parseLaunchConfig({ program }), {
      ...{ program, mode: 'guest', board: 'virt', isa: '', harts: 1, memory: 256 * 2 ** 20 },
      ...{ loadFiles: [], calls: [], engine: 'auto', time: 'virtual' },
    });
  });

  it('takes over what is said', () => {
    const config = {
      ...{ program, mode: 'machine', board: 'virt', isa: 'rv64gc', harts: 4, firmware: 'fw.bin' },
      ...{ initrd: 'i', dtb: 'd', bootargs: 'a=b', engine: 'interpreter', time: 'wall' },
      ...{ loadFiles: [{ file: 'x', address: 0x81000000 }], maxInstructions: 5 },
    };
    assert.deepEqual(parseLaunchConfig({ ...config, memory: '1G' }), {
      ...{ ...config, memory: 2 ** 30, calls: [] },
    });
  });

  it('reads which interrupt controllers there are', () => {
    const read = (attributes: Record<string, unknown>) =>
      parseLaunchConfig({ program, mode: 'machine', ...attributes }).aia;
    assert.equal(read({ aia: 'none' }), undefined);
    assert.deepEqual(read({ aia: 'aplic' }), { controllers: 'aplic', guests: 0 });
    const aia = 'aplic-imsic';
    assert.deepEqual(read({ aia }), { controllers: aia, guests: 0 });
    assert.deepEqual(read({ aia, aiaGuests: 5 }), { controllers: aia, guests: 5 });
    refused(
      { aia: 'gic' },
      /^aia: "gic" is not allowed; allowed is "none" or "aplic" or "aplic-im/,
    );
    refused({ aia: 'aplic' }, /^aia: 'aplic' needs "mode": "machine"/, 'aia');
    assert.deepEqual(parseLaunchConfig({ program, aia, aiaGuests: 1 }).aia, {
      ...{ controllers: aia, guests: 1 },
    });
    refused({ mode: 'machine', aia, aiaGuests: 8 }, /^aiaGuests: 8 is not allowed/, 'aiaGuests');
    assert.equal(read({ aiaGuests: 1 }), undefined, 'without IMSIC they mean nothing');
  });

  it('reads sizes as people write them', () => {
    for (const [given, bytes] of [
      ['256M', 2 ** 28],
      ['1G', 2 ** 30],
      ['1.5 GiB', 1.5 * 2 ** 30],
      ['65536k', 2 ** 26],
      ['128MB', 2 ** 27],
      [0x8000000, 2 ** 27],
      ['8388608', 2 ** 23],
    ] as const) {
      assert.equal(parseLaunchConfig({ program, memory: given }).memory, bytes, String(given));
    }
  });

  it('refuses sizes that are none or cannot be had', () => {
    const allowed = 'allowed is a size from "4M" to "3G", such as "256M" or a number of bytes';
    refused({ memory: 'lots' }, `memory: "lots" is not allowed; ${allowed}`, 'memory');
    refused({ memory: '1M' }, `memory: "1M" is not allowed; ${allowed}`);
    refused({ memory: '16G' }, `memory: "16G" is not allowed; ${allowed}`);
    refused({ memory: -1 }, `memory: -1 is not allowed; ${allowed}`);
    refused({ memory: null }, `memory: null is not allowed; ${allowed}`);
    refused(
      { memory: 5000000 },
      'memory: 5000000 is not allowed; allowed is a multiple of 4096 bytes',
    );
  });

  it('says what is wrong with each attribute, what was given and what is allowed', () => {
    refused({ program: undefined }, /^program is missing: give the path of an ELF file/, 'program');
    refused({ program: '' }, /^program is missing/);
    refused({ program: 7 }, /^program: 7 is not allowed; allowed is the path of an ELF file/);
    const choice = 'mode: "kvm" is not allowed; allowed is "guest" or "machine"';
    refused({ mode: 'kvm' }, choice, 'mode');
    refused({ board: 'pc' }, 'board: "pc" is not allowed; allowed is "virt"');
    refused(
      { engine: 'steam' },
      'engine: "steam" is not allowed; allowed is "auto" or "interpreter" or "jit" or "lockstep"',
    );
    refused({ time: '' }, /^time: "" is not allowed; allowed is "virtual" or "wall"$/);
    refused({ harts: 0 }, 'harts: 0 is not allowed; allowed is a whole number from 1 to 16');
    refused({ harts: '2' }, 'harts: "2" is not allowed; allowed is a whole number from 1 to 16');
    refused({ isa: 64 }, 'isa: 64 is not allowed; allowed is a string');
    refused({ initrd: '' }, 'initrd: "" is not allowed; allowed is a string that is not empty');
    refused({ maxInstructions: 0.5 }, /^maxInstructions: 0.5 is not allowed; .* from 1 up$/);
    refused({ firmware: 'fw' }, /^firmware: 'fw' needs "mode": "machine"/, 'firmware');
  });

  it('reads load files and says which of them is wrong', () => {
    const loadFiles = [{ file: 'x', address: '0x90000000' }];
    assert.deepEqual(parseLaunchConfig({ program, loadFiles }).loadFiles, [
      { file: 'x', address: 0x90000000 },
    ]);
    refused({ loadFiles: {} }, /^loadFiles: \{\} is not allowed; allowed is a list of/);
    refused({ loadFiles: ['x'] }, /^loadFiles\[0\]: "x" is not allowed/);
    refused({ loadFiles: [{ address: 0 }] }, /^loadFiles\[0\]\.file: nothing is not allowed/);
    refused(
      { loadFiles: [loadFiles[0], { file: 'y' }] },
      /^loadFiles\[1\]\.address: nothing is not/,
    );
    refused({ loadFiles: [{ file: 'y', address: -4 }] }, /^loadFiles\[0\]\.address: -4 is not/);
    refused(
      { loadFiles: [{ file: 'y', address: 4, offset: 1 }] },
      /^loadFiles\[0\]: there is no 'offset'/,
    );
  });

  it('suggests the attribute that was meant', () => {
    refused({ progam: 'x' }, "there is no attribute 'progam'; did you mean 'program'?", 'progam');
    refused({ bootArgs: 'x' }, "there is no attribute 'bootArgs'; did you mean 'bootargs'?");
    refused({ cpus: 2 }, "there is no attribute 'cpus'");
    assert.equal(nearest('memroy', ['memory', 'mode']), 'memory');
    assert.equal(nearest('zzz', ['memory', 'mode']), undefined);
  });

  it('refuses what it knows of and cannot do yet', () => {
    for (const name of ['drives', 'shares', 'net']) {
      refused({ [name]: [] }, new RegExp(`^${name}: .* are not supported yet; remove`), name);
    }
  });

  it('agrees with what the manifest offers in launch.json', () => {
    interface Schema {
      readonly enum?: readonly string[];
      readonly maximum?: number;
      readonly default?: unknown;
    }
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      contributes: {
        debuggers: {
          configurationAttributes: { launch: { properties: Record<string, Schema> } };
        }[];
      };
    };
    const { properties } = manifest.contributes.debuggers[0]!.configurationAttributes.launch;
    const defaults: Readonly<Record<string, unknown>> = { ...parseLaunchConfig({ program }) };
    for (const name of Object.keys({ ...defaults, firmware: 1, initrd: 1, dtb: 1, bootargs: 1 })) {
      assert.ok(properties[name], `${name} is not in package.json`);
    }
    for (const [name, schema] of Object.entries(properties)) {
      for (const value of schema.enum ?? []) {
        parseLaunchConfig({ program, mode: 'machine', [name]: value });
      }
      if (schema.maximum !== undefined) {
        // Some attributes are the session's, which reads all of them.
        const { maximum } = schema;
        parseLaunchRequest({ program, [name]: maximum });
        const tooMuch = () => parseLaunchRequest({ program, [name]: maximum + 1 });
        assert.throws(tooMuch, { name: 'UserError', message: new RegExp(`^${name}: `) });
      }
      if (schema.enum && defaults[name] !== undefined) {
        refused({ [name]: 'other' }, new RegExp(`^${name}: "other" is not allowed`));
      }
      if (schema.default !== undefined && defaults[name] !== undefined && name !== 'program') {
        const given: Record<string, unknown> = { program, [name]: schema.default };
        assert.deepEqual(parseLaunchConfig(given), defaults, name);
      }
      if (schema.enum === undefined && defaults[name] === undefined) {
        // Whatever its form, the attribute's name at least is known.
        try {
          parseLaunchConfig({ program, [name]: [] });
        } catch (error) {
          assert.doesNotMatch((error as Error).message, /there is no attribute|not supported/);
        }
      }
    }
  });

  it('leaves the attributes of the session and of VS Code to them', () => {
    const others = {
      ...{ name: 'n', type: 'trapline', request: 'launch', preLaunchTask: 't', noDebug: true },
      ...{ presentation: {}, console: 'none', stopOnEntry: true, stopOn: [], sourceMap: {} },
      ...{ cwd: '/', trace: true, symbolFiles: [], __sessionId: '1', internalConsoleOptions: 'x' },
    };
    assert.deepEqual(parseLaunchConfig({ program, ...others }), parseLaunchConfig({ program }));
  });
});

describe('calls', () => {
  it('reads names, numbers and ranges', () => {
    assert.deepEqual(
      rules([
        { extension: 'DBCN', action: 'break' },
        { extension: 'BASE', function: 3, action: 'deny' },
        { extension: 'IPI', action: 'handle' },
        { extension: '0x0900_0000'.replace('_', ''), function: [0, '0x10'], action: 'forward' },
        { extension: ['0x0a000000', 0x0affffff], action: 'forward' },
        { extension: '0x0b000000-0x0b00000f', function: '1-2', action: 'deny' },
      ]),
      [
        { extension: [0x4442434e, 0x4442434e], action: 'break' },
        { extension: [0x10, 0x10], function: [3, 3], action: 'deny' },
        { extension: [0x735049, 0x735049], action: 'handle' },
        { extension: [0x09000000, 0x09000000], function: [0, 16], action: 'forward' },
        { extension: [0x0a000000, 0x0affffff], action: 'forward' },
        { extension: [0x0b000000, 0x0b00000f], function: [1, 2], action: 'deny' },
      ],
    );
  });

  it('knows the identifiers of the specification by their names', () => {
    // SBI specification v3.0, the EID of each extension's chapter.
    const ids = {
      ...{ TIME: 0x54494d45, RFENCE: 0x52464e43, HSM: 0x48534d, SRST: 0x53525354, PMU: 0x504d55 },
      ...{ SUSP: 0x53555350, CPPC: 0x43505043, NACL: 0x4e41434c, STA: 0x535441, SSE: 0x535345 },
      ...{ FWFT: 0x46574654, DBTR: 0x44425452, MPXY: 0x4d505859 },
    };
    for (const [extension, id] of Object.entries(ids)) {
      assert.equal(rules([{ extension, action: 'deny' }])[0]!.extension[0], id, extension);
    }
  });

  it('refuses rules that overlap', () => {
    const a = { extension: '0x10-0x20', action: 'deny' };
    refused(
      { calls: [a, { extension: 0x18, function: 2, action: 'break' }] },
      'calls[1] overlaps calls[0]: both match extension 0x18, function 2',
      'calls',
    );
    const of = (f: string) => ({ extension: 'HSM', function: f, action: 'deny' });
    assert.equal(rules([of('0-1'), of('2')]).length, 2);
    refused(
      { calls: [of('0-2'), of('5'), of('2-3')] },
      /^calls\[2\] overlaps calls\[0\]: .*function 2$/,
    );
  });

  it('says which rule is wrong', () => {
    refused({ calls: {} }, /^calls: \{\} is not allowed; allowed is a list of/);
    refused({ calls: [1] }, /^calls\[0\]: 1 is not allowed/);
    refused({ calls: [{ extension: 1 }] }, /^calls\[0\]\.action is missing: give handle, forward/);
    refused(
      { calls: [{ extension: 1, action: 'log' }] },
      /^calls\[0\]\.action: "log" is not allowed/,
    );
    refused(
      { calls: [{ action: 'deny' }] },
      /^calls\[0\]\.extension: nothing is not allowed; .*DBCN/,
    );
    refused(
      { calls: [{ extension: 'toolong', action: 'deny' }] },
      /^calls\[0\]\.extension: "toolong"/,
    );
    refused({ calls: [{ extension: [5, 4], action: 'deny' }] }, /^calls\[0\]\.extension: \[5,4\]/);
    refused(
      { calls: [{ extension: 2 ** 32, action: 'deny' }] },
      /^calls\[0\]\.extension: 4294967296/,
    );
    refused(
      { calls: [{ extension: 1, function: 'x', action: 'deny' }] },
      /^calls\[0\]\.function: "x"/,
    );
    refused(
      { calls: [{ extension: 1, func: 1, action: 'deny' }] },
      /^calls\[0\]: there is no 'func'/,
    );
  });
});
