/**
 * Directives that GNU as has on every target, with one line each. GNU as manual, "Assembler
 * Directives". What an instruction set adds is in its `AssemblerInfo`.
 */
import type { AssemblerWord } from '../core/isa/isa.ts';

const table = `
.align|.align n — pads to a boundary; on most targets, as here, to 2^n bytes.
.altmacro|Turns on the alternate macro syntax.
.ascii|.ascii "text", … — bytes without a terminating zero.
.asciz|.asciz "text", … — bytes with a terminating zero.
.balign|.balign bytes[, fill[, max]] — pads to a boundary given in bytes.
.byte|.byte value, … — 8-bit values.
.cfi_adjust_cfa_offset|Unwinding: adds to the offset of the canonical frame address.
.cfi_def_cfa|.cfi_def_cfa register, offset — unwinding: how the canonical frame address is found.
.cfi_def_cfa_offset|Unwinding: the offset of the canonical frame address from its register.
.cfi_def_cfa_register|Unwinding: the register of the canonical frame address.
.cfi_endproc|Unwinding: the end of a function.
.cfi_escape|Unwinding: raw call frame instructions.
.cfi_offset|.cfi_offset register, offset — unwinding: where a register was saved.
.cfi_rel_offset|.cfi_rel_offset register, offset — like .cfi_offset, from the register of the frame.
.cfi_remember_state|Unwinding: keeps the current rules for .cfi_restore_state.
.cfi_restore|Unwinding: a register has again the value it had at entry.
.cfi_restore_state|Unwinding: back to the rules last kept.
.cfi_return_column|Unwinding: which register holds the return address.
.cfi_same_value|Unwinding: a register is not changed.
.cfi_sections|Unwinding: whether .eh_frame or .debug_frame is written.
.cfi_signal_frame|Unwinding: the function is a signal trampoline or trap entry.
.cfi_startproc|Unwinding: the start of a function.
.cfi_undefined|Unwinding: the value of a register is lost.
.comm|.comm symbol, length[, alignment] — a common symbol.
.data|.data [subsection] — continues in section .data.
.double|.double number, … — 64-bit floating point numbers.
.else|The other branch of .if.
.elseif|.elseif expression — a further branch of .if.
.end|End of the file; what follows is not assembled.
.endif|End of .if.
.endm|End of .macro.
.endr|End of .rept, .irp or .irpc.
.equ|.equ symbol, expression — sets a symbol.
.equiv|.equiv symbol, expression — sets a symbol; an error if it is defined already.
.err|Assembling this is an error.
.error|.error "text" — assembling this is an error with this message.
.exitm|Leaves the macro being expanded.
.extern|.extern symbol — accepted and ignored; undefined symbols are external anyway.
.file|.file number "name" — a source file, for line number information.
.fill|.fill repeat[, size[, value]] — repeated values.
.float|.float number, … — 32-bit floating point numbers.
.global|.global symbol, … — makes symbols visible to the linker.
.globl|.globl symbol, … — makes symbols visible to the linker.
.hidden|.hidden symbol, … — not visible to other components.
.hword|.hword value, … — 16-bit values.
.ident|.ident "text" — puts a text into section .comment.
.if|.if expression — assembles what follows when it is not zero.
.ifb|.ifb text — assembles what follows when the macro argument is blank.
.ifc|.ifc a, b — assembles what follows when the texts are equal.
.ifdef|.ifdef symbol — assembles what follows when the symbol is defined.
.ifeq|.ifeq expression — assembles what follows when it is zero.
.ifge|.ifge expression — assembles what follows when it is zero or positive.
.ifgt|.ifgt expression — assembles what follows when it is positive.
.ifle|.ifle expression — assembles what follows when it is zero or negative.
.iflt|.iflt expression — assembles what follows when it is negative.
.ifnb|.ifnb text — assembles what follows when the macro argument is not blank.
.ifnc|.ifnc a, b — assembles what follows when the texts differ.
.ifndef|.ifndef symbol — assembles what follows when the symbol is not defined.
.ifne|.ifne expression — assembles what follows when it is not zero.
.ifnotdef|.ifnotdef symbol — assembles what follows when the symbol is not defined.
.incbin|.incbin "file"[, skip[, count]] — the bytes of a file.
.include|.include "file" — assembles another file here.
.int|.int value, … — 32-bit values.
.internal|.internal symbol, … — not visible to other components, nor called from them.
.irp|.irp symbol, values… — repeats up to .endr with the symbol set to each value.
.irpc|.irpc symbol, text — repeats up to .endr with the symbol set to each character.
.lcomm|.lcomm symbol, length — a local symbol in section .bss.
.line|Sets the line number of the source.
.loc|.loc file line [column] — the source line of the next instruction.
.local|.local symbol, … — not visible to the linker.
.long|.long value, … — 32-bit values.
.macro|.macro name [arguments] — defines a macro up to .endm; \\argument stands for its value.
.noaltmacro|Turns off the alternate macro syntax.
.nolist|Turns off the listing.
.list|Turns on the listing.
.octa|.octa value, … — 128-bit values.
.org|.org position[, fill] — moves on to a position in the section.
.p2align|.p2align n[, fill[, max]] — pads to a boundary of 2^n bytes.
.popsection|Back to the section before .pushsection.
.previous|Back to the section before this one.
.print|.print "text" — prints while assembling.
.protected|.protected symbol, … — cannot be preempted by other components.
.purgem|.purgem name — forgets a macro.
.pushsection|.pushsection name[, "flags"[, @type]] — continues in a section until .popsection.
.quad|.quad value, … — 64-bit values.
.reloc|.reloc offset, name[, expression] — a relocation by name.
.rept|.rept count — repeats up to .endr.
.section|.section name[, "flags"[, @type]] — continues in a section.
.set|.set symbol, expression — sets a symbol; may be repeated.
.short|.short value, … — 16-bit values.
.single|.single number, … — 32-bit floating point numbers.
.size|.size symbol, expression — the size of a symbol.
.skip|.skip bytes[, fill] — space.
.sleb128|.sleb128 value, … — signed LEB128 numbers.
.space|.space bytes[, fill] — space.
.string|.string "text", … — bytes with a terminating zero.
.struct|.struct expression — symbols that follow are offsets into a structure.
.subsection|.subsection number — continues in a numbered part of the section.
.symver|.symver name, name@version — binds a symbol to a version.
.text|.text [subsection] — continues in section .text.
.title|The title of the listing.
.type|.type symbol, @function or @object — the type of a symbol.
.uleb128|.uleb128 value, … — unsigned LEB128 numbers.
.version|.version "text" — a note with a version.
.warning|.warning "text" — prints a warning while assembling.
.weak|.weak symbol, … — a definition elsewhere has precedence.
.weakref|.weakref alias, target — a weak reference under another name.
.word|.word value, … — 32-bit values on this target.
.zero|.zero bytes — zero bytes.
.2byte|.2byte value, … — 16-bit values, not aligned.
.4byte|.4byte value, … — 32-bit values, not aligned.
.8byte|.8byte value, … — 64-bit values, not aligned.
`;

export const commonDirectives: readonly AssemblerWord[] = table
  .trim()
  .split('\n')
  .map((line) => {
    const bar = line.indexOf('|');
    return { name: line.slice(0, bar), summary: line.slice(bar + 1) };
  });
