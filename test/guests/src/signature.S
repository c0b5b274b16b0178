# Leaves a signature between begin_signature and end_signature, as architecture tests do: 16 words
# of a known sequence (a linear congruential generator).
    .include "guest.asm"

    START
    la      a0, begin_signature
    la      a1, end_signature
    li      a2, 1
    li      a3, 1664525
    li      a4, 1013904223
1:  sw      a2, 0(a0)
    mulw    a2, a2, a3
    addw    a2, a2, a4
    addi    a0, a0, 4
    bltu    a0, a1, 1b
    FINISH

    .data
    .balign 16
    .globl begin_signature
begin_signature:
    .space  64
    .globl end_signature
end_signature:
    .dword  0
