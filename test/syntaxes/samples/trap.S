/* Trap entry of a small supervisor: saves registers,
 * calls C, returns. `addi` in here is not an instruction. */
#include "offsets.h"
#define FRAME_SIZE (2 * 8)   // bytes
#if defined(__riscv) && \
    (__riscv_xlen == 64)
#define REG_SIZE 8
#endif

	.option	push
	.option	arch, +zba, +v, +h
	.macro	save reg, slot=0
	sd	\reg, \slot*8(sp)
.Ldone\@:
	.endm

	.section .text.trap, "ax", @progbits
	.globl	trap_entry
	.type	trap_entry, @function
	.balign	4
trap_entry:
	csrrw	sp, sscratch, sp	# swap stacks
	save	ra
	save	a0, 1; nop
1:	auipc	a1, %pcrel_hi(message)
	addi	a1, a1, %pcrel_lo(1b)
	amoadd.w.aqrl	x5, t1, (a1)
	lr.d.aq	t0, (a1)
	sh1add	a0, a0, a1
	fmadd.d	fa0, fa1, f2, ft3, rne
	vadd.vv	v8, v16, v24, v0.t
	li	t0, 0xdeadbeef & ~(1 << 4)
	li	t1, 'A' - 0b101 + 017
	bnez	t0, 1b
	beq	a0, zero, 2f
	call	handle_trap
2:	csrr	t0, hgatp
	csrw	mhpmcounter31, t0
	fence	rw, rw
	hfence.gvma
	hlvx.wu	a0, (a1)
	tail	unknown_macro
	CALL_MACRO(a0, 3)
	sret
	.size	trap_entry, . - trap_entry
limit = 0x1000
	.equ	half, limit >> 1

	.data
message:
	.asciz	"trap \"%d\"\n # not a comment"
	.word	1, 0x2, message + 4
	.half	3
	.option	pop
