/**
 * A frame together with the debug information around its pc: what location expressions of its
 * variables are evaluated in. Includes what a parameter was on entry, as the caller's call site
 * tells it (DWARF 5, sections 2.5.1.7 and 3.4).
 */
import { DW_AT, DW_TAG } from '../../formats/dwarf/constants.ts';
import {
  evaluateValue,
  Unavailable,
  type ExpressionFrame,
  type ExpressionSetting,
} from '../../formats/dwarf/expression.ts';
import { expressionAt } from '../../formats/dwarf/locations.ts';
import { rangesOf } from '../../formats/dwarf/ranges.ts';
import type { Die, Unit } from '../../formats/dwarf/unit.ts';
import { nameOfEntry, withAttribute } from './functions.ts';
import type { SymbolModule } from './symbolModule.ts';
import type { ValueSetting } from './values.ts';

export interface FrameScope {
  readonly module: SymbolModule;
  readonly unit: Unit;
  readonly function: Die | undefined;
  readonly setting: ValueSetting;
  /** The same for the caller's frame, when that is known. */
  readonly caller: () => FrameScope | undefined;
}

/** The pc as the file of the scope counts addresses. */
export function filePc(scope: FrameScope): bigint {
  return scope.setting.context.pc - scope.module.relocation;
}

export function expressionSetting(scope: FrameScope, unit: Unit): ExpressionSetting {
  const addressSize = unit.addressSize === 4 ? 4 : 8;
  return { addressSize, relocation: scope.module.relocation, unit };
}

export function expressionFrame(scope: FrameScope): ExpressionFrame {
  const { context } = scope.setting;
  const plain: ExpressionFrame = {
    cfa: context.cfa,
    readRegister: (number) => context.readRegister(number),
    readMemory: (address, size) => context.readMemory(address, size),
  };
  return {
    ...plain,
    frameBase: () => frameBase(scope, plain),
    entryValue: (expression) => entryValue(expression, scope),
  };
}

async function frameBase(scope: FrameScope, frame: ExpressionFrame): Promise<bigint> {
  const die = scope.function;
  const expression = die && expressionAt(die, DW_AT.frame_base, filePc(scope));
  if (!die || !expression) throw new Unavailable('the function has no frame base here');
  return evaluateValue(expression, frame, expressionSetting(scope, die.unit));
}

async function entryValue(expression: Uint8Array, scope: FrameScope): Promise<bigint | undefined> {
  const caller = scope.caller();
  if (!caller?.function) return undefined;
  const site = callSiteAt(caller.function, filePc(caller), 0);
  if (!site || !(await calls(site, caller, scope))) return undefined;
  for (const parameter of site.children()) {
    const location = parameter.value(DW_AT.location);
    if (location?.kind !== 'block' || !sameBytes(location.bytes, expression)) continue;
    const value = parameter.value(DW_AT.call_value) ?? parameter.value(DW_AT.GNU_call_site_value);
    if (value?.kind !== 'block') return undefined;
    return evaluateValue(
      value.bytes,
      expressionFrame(caller),
      expressionSetting(caller, site.unit),
    );
  }
  return undefined;
}

/**
 * Whether a call site is known to call the function of a frame. If what it calls ended in a tail
 * call of that function, the arguments were others.
 */
async function calls(site: Die, caller: FrameScope, callee: FrameScope): Promise<boolean> {
  const origin = site.reference(DW_AT.call_origin) ?? site.reference(DW_AT.abstract_origin);
  if (origin && callee.function) return isSame(origin, callee.function);
  const target = site.value(DW_AT.call_target) ?? site.value(DW_AT.GNU_call_site_target);
  if (target?.kind !== 'block' || !callee.function) return false;
  const setting = expressionSetting(caller, site.unit);
  const address = await evaluateValue(target.bytes, expressionFrame(caller), setting);
  return address - callee.module.relocation === rangesOf(callee.function)[0]?.low;
}

/** Whether two entries are of one function, of which another unit may only have a declaration. */
function isSame(called: Die, own: Die): boolean {
  const [first, second] = [called, own].map((die) => withAttribute(die, DW_AT.name) ?? die);
  if (first?.offset === second?.offset && first?.unit === second?.unit) return true;
  const linkName = (die: Die) =>
    withAttribute(die, DW_AT.linkage_name)?.string(DW_AT.linkage_name) ?? nameOfEntry(die);
  return called.flag(DW_AT.declaration) && linkName(called) === linkName(own);
}

/** The call site whose return address is the first one after the call that a pc is in. */
function callSiteAt(scope: Die, pc: bigint, depth: number): Die | undefined {
  for (const child of scope.children()) {
    switch (child.tag) {
      case DW_TAG.call_site:
      case DW_TAG.GNU_call_site: {
        const after = child.address(DW_AT.call_return_pc) ?? child.address(DW_AT.low_pc);
        // A caller's pc lies one byte before its return address.
        if (after === pc + 1n) return child;
        break;
      }
      case DW_TAG.lexical_block:
      case DW_TAG.inlined_subroutine: {
        const found = depth < 64 ? callSiteAt(child, pc, depth + 1) : undefined;
        if (found) return found;
      }
    }
  }
  return undefined;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
