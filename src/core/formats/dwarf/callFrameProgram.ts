/**
 * Call-frame instructions (DWARF 5, section 6.4.2): from a CIE and an FDE to the row of rules that
 * holds at an address. How rules are applied to a frame is frameRule.ts in core/debug.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import type { Fde } from './callFrame.ts';
import { DW_CFA, nameOf } from './constants.ts';

export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly expression: Uint8Array };

/** How the caller's value of a register is found. No rule at all means unspecified. */
export type RegisterRule =
  | { readonly kind: 'undefined' }
  | { readonly kind: 'sameValue' }
  /** Saved at CFA + offset; or CFA + offset itself. */
  | { readonly kind: 'offset' | 'valOffset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  /** Saved at the expression's address; or the expression's value itself. */
  | { readonly kind: 'expression' | 'valExpression'; readonly expression: Uint8Array };

export interface FrameRow {
  /** First address that the row is valid for. */
  readonly address: bigint;
  readonly cfa: CfaRule | undefined;
  readonly registers: ReadonlyMap<number, RegisterRule>;
}

/** The rows of an FDE, in ascending order of address. */
export function frameRows(fde: Fde): readonly FrameRow[] {
  return new FrameMachine(fde).rows();
}

/** The row for an address that the FDE covers. */
export function frameRowAt(fde: Fde, address: bigint): FrameRow | undefined {
  return frameRows(fde).findLast((row) => row.address <= address);
}

interface State {
  readonly cfa: CfaRule | undefined;
  readonly registers: ReadonlyMap<number, RegisterRule>;
}

class FrameMachine {
  private readonly fde: Fde;
  private readonly result: FrameRow[] = [];
  private readonly stack: State[] = [];
  private address: bigint;
  private cfa: CfaRule | undefined;
  private registers = new Map<number, RegisterRule>();
  private initial: ReadonlyMap<number, RegisterRule> = new Map();

  constructor(fde: Fde) {
    this.fde = fde;
    this.address = fde.low;
  }

  rows(): readonly FrameRow[] {
    const { cie, instructions } = this.fde;
    this.run(cie.instructions.slice(cie.instructions.offset));
    this.initial = new Map(this.registers);
    this.run(instructions.slice(instructions.offset));
    this.finishRow();
    return this.result;
  }

  private run(reader: ByteReader): void {
    while (!reader.atEnd) this.step(reader);
  }

  private step(reader: ByteReader): void {
    const at = reader.offset;
    const opcode = reader.u8();
    const low = opcode & 0x3f;
    switch (opcode & 0xc0) {
      case DW_CFA.advance_loc:
        this.advance(low);
        return;
      case DW_CFA.offset:
        this.set(low, { kind: 'offset', offset: this.factored(reader.uleb()) });
        return;
      case DW_CFA.restore:
        this.restore(low);
        return;
      default:
        if (this.stepLocation(opcode, reader)) return;
        if (this.stepCfa(opcode, reader)) return;
        if (this.stepRegister(opcode, reader)) return;
        throw reader.error(`${nameOf('DW_CFA', DW_CFA, opcode)} is not known here`, at);
    }
  }

  private stepLocation(opcode: number, reader: ByteReader): boolean {
    switch (opcode) {
      case DW_CFA.nop:
      // The window-save instruction means something only on SPARC and AArch64.
      case DW_CFA.GNU_window_save:
        return true;
      case DW_CFA.GNU_args_size:
        reader.uleb();
        return true;
      case DW_CFA.set_loc:
        this.finishRow();
        this.address = reader.unsigned(this.fde.cie.addressSize);
        return true;
      case DW_CFA.advance_loc1:
        this.advance(reader.u8());
        return true;
      case DW_CFA.advance_loc2:
        this.advance(reader.u16());
        return true;
      case DW_CFA.advance_loc4:
        this.advance(reader.u32());
        return true;
      case DW_CFA.MIPS_advance_loc8:
        this.advance(reader.u64Number());
        return true;
      case DW_CFA.remember_state:
        if (this.stack.length > 1000) throw reader.error('too many DW_CFA_remember_state');
        this.stack.push({ cfa: this.cfa, registers: new Map(this.registers) });
        return true;
      case DW_CFA.restore_state: {
        const state = this.stack.pop();
        if (!state) throw reader.error('DW_CFA_restore_state without DW_CFA_remember_state');
        this.cfa = state.cfa;
        this.registers = new Map(state.registers);
        return true;
      }
      default:
        return false;
    }
  }

  private stepCfa(opcode: number, reader: ByteReader): boolean {
    switch (opcode) {
      case DW_CFA.def_cfa:
        this.cfa = { kind: 'register', register: reader.uleb(), offset: reader.uleb() };
        return true;
      case DW_CFA.def_cfa_sf:
        this.cfa = {
          kind: 'register',
          register: reader.uleb(),
          offset: this.factored(reader.sleb()),
        };
        return true;
      case DW_CFA.def_cfa_register:
        // GNU as begins RISC-V's CIEs with this alone and means an offset of 0.
        this.cfa ??= { kind: 'register', register: 0, offset: 0 };
        this.cfa = { ...this.registerCfa(reader), register: reader.uleb() };
        return true;
      case DW_CFA.def_cfa_offset:
        this.cfa = { ...this.registerCfa(reader), offset: reader.uleb() };
        return true;
      case DW_CFA.def_cfa_offset_sf:
        this.cfa = { ...this.registerCfa(reader), offset: this.factored(reader.sleb()) };
        return true;
      case DW_CFA.def_cfa_expression:
        this.cfa = { kind: 'expression', expression: reader.block(reader.uleb()) };
        return true;
      default:
        return false;
    }
  }

  private stepRegister(opcode: number, reader: ByteReader): boolean {
    switch (opcode) {
      case DW_CFA.offset_extended:
        this.set(reader.uleb(), { kind: 'offset', offset: this.factored(reader.uleb()) });
        return true;
      case DW_CFA.offset_extended_sf:
        this.set(reader.uleb(), { kind: 'offset', offset: this.factored(reader.sleb()) });
        return true;
      case DW_CFA.GNU_negative_offset_extended:
        this.set(reader.uleb(), { kind: 'offset', offset: -this.factored(reader.uleb()) });
        return true;
      case DW_CFA.val_offset:
        this.set(reader.uleb(), { kind: 'valOffset', offset: this.factored(reader.uleb()) });
        return true;
      case DW_CFA.val_offset_sf:
        this.set(reader.uleb(), { kind: 'valOffset', offset: this.factored(reader.sleb()) });
        return true;
      case DW_CFA.restore_extended:
        this.restore(reader.uleb());
        return true;
      case DW_CFA.undefined:
        this.set(reader.uleb(), { kind: 'undefined' });
        return true;
      case DW_CFA.same_value:
        this.set(reader.uleb(), { kind: 'sameValue' });
        return true;
      case DW_CFA.register:
        this.set(reader.uleb(), { kind: 'register', register: reader.uleb() });
        return true;
      case DW_CFA.expression:
        this.set(reader.uleb(), {
          kind: 'expression',
          expression: reader.block(reader.uleb()),
        });
        return true;
      case DW_CFA.val_expression:
        this.set(reader.uleb(), {
          kind: 'valExpression',
          expression: reader.block(reader.uleb()),
        });
        return true;
      default:
        return false;
    }
  }

  private set(register: number, rule: RegisterRule): void {
    this.registers.set(register, rule);
  }

  private restore(register: number): void {
    const rule = this.initial.get(register);
    if (rule) this.registers.set(register, rule);
    else this.registers.delete(register);
  }

  private factored(value: number): number {
    return value * this.fde.cie.dataAlignment;
  }

  private registerCfa(reader: ByteReader): CfaRule & { kind: 'register' } {
    if (this.cfa?.kind === 'register') return this.cfa;
    throw reader.error('the CFA is changed before it is a register and an offset');
  }

  private advance(delta: number): void {
    this.finishRow();
    this.address += BigInt(delta) * BigInt(this.fde.cie.codeAlignment);
  }

  private finishRow(): void {
    const last = this.result.at(-1);
    if (last?.address === this.address) this.result.pop();
    this.result.push({
      address: this.address,
      cfa: this.cfa,
      registers: new Map(this.registers),
    });
  }
}
