/*
 * An interpreter of a small stack machine with one big switch: indirect jumps that are hard to
 * foretell. Its program counts primes with a sieve and stirs what it finds.
 */
#include "runtime.h"

#ifndef REPS
#define REPS 350
#endif
#define LIMIT 8192

enum opcode {
  PUSH,
  LOAD,
  STORE,
  ADD,
  SUB,
  MUL,
  LESS,
  EQUAL,
  NOT,
  DUP,
  DROP,
  SWAP,
  OVER,
  FETCH,
  PUT,
  JUMP,
  JUMP_UNLESS,
  AND,
  OR,
  XOR,
  SHIFT_RIGHT,
  INCREMENT,
  HALT,
};

enum variable { I, J, COUNT, MIX, VARIABLES };

static int32_t program[256];
static int length;
static int64_t cells[LIMIT], variables[VARIABLES];

static int emit(int32_t word) {
  program[length] = word;
  return length++;
}

static void with(enum opcode opcode, int32_t operand) {
  emit(opcode);
  emit(operand);
}

/* A jump that is completed when its target is known: its operand's place. */
static int forward(enum opcode opcode) {
  emit(opcode);
  return emit(0);
}

static void here(int place) {
  program[place] = length;
}

static int below_limit(enum variable variable) {
  with(LOAD, variable);
  with(PUSH, LIMIT);
  emit(LESS);
  return forward(JUMP_UNLESS);
}

static void compile(void) {
  with(PUSH, 2);
  with(STORE, I);
  int outer = length, done = below_limit(I);
  with(LOAD, I);
  emit(FETCH);
  emit(NOT);
  int composite = forward(JUMP_UNLESS);
  with(LOAD, COUNT);
  emit(INCREMENT);
  with(STORE, COUNT);
  with(LOAD, MIX);
  emit(DUP);
  with(PUSH, 7);
  emit(SHIFT_RIGHT);
  emit(XOR);
  with(LOAD, I);
  emit(MUL);
  with(LOAD, COUNT);
  emit(ADD);
  with(STORE, MIX);
  with(LOAD, I);
  emit(DUP);
  emit(ADD);
  with(STORE, J);
  int inner = length, swept = below_limit(J);
  with(PUSH, 1);
  with(LOAD, J);
  emit(PUT);
  with(LOAD, J);
  with(LOAD, I);
  emit(OVER);
  emit(SWAP);
  emit(ADD);
  emit(SWAP);
  emit(DROP);
  with(STORE, J);
  with(JUMP, inner);
  here(swept);
  here(composite);
  with(LOAD, I);
  emit(INCREMENT);
  with(STORE, I);
  with(JUMP, outer);
  here(done);
  emit(HALT);
}

__attribute__((noinline)) static void interpret(const int32_t *code) {
  int64_t stack[16], *top = stack;
  const int32_t *pc = code;
  for (;;) {
    switch ((enum opcode)*pc++) {
      case PUSH:
        *top++ = *pc++;
        break;
      case LOAD:
        *top++ = variables[*pc++];
        break;
      case STORE:
        variables[*pc++] = *--top;
        break;
      case ADD:
        top--;
        top[-1] += top[0];
        break;
      case SUB:
        top--;
        top[-1] -= top[0];
        break;
      case MUL:
        top--;
        top[-1] *= top[0];
        break;
      case LESS:
        top--;
        top[-1] = top[-1] < top[0];
        break;
      case EQUAL:
        top--;
        top[-1] = top[-1] == top[0];
        break;
      case NOT:
        top[-1] = !top[-1];
        break;
      case DUP:
        top[0] = top[-1];
        top++;
        break;
      case DROP:
        top--;
        break;
      case SWAP: {
        int64_t kept = top[-1];
        top[-1] = top[-2];
        top[-2] = kept;
        break;
      }
      case OVER:
        top[0] = top[-2];
        top++;
        break;
      case FETCH:
        top[-1] = cells[top[-1]];
        break;
      case PUT:
        top -= 2;
        cells[top[1]] = top[0];
        break;
      case JUMP:
        pc = code + *pc;
        break;
      case JUMP_UNLESS:
        pc = *--top ? pc + 1 : code + *pc;
        break;
      case AND:
        top--;
        top[-1] &= top[0];
        break;
      case OR:
        top--;
        top[-1] |= top[0];
        break;
      case XOR:
        top--;
        top[-1] ^= top[0];
        break;
      case SHIFT_RIGHT:
        top--;
        top[-1] = (int64_t)((uint64_t)top[-1] >> top[0]);
        break;
      case INCREMENT:
        top[-1]++;
        break;
      case HALT:
        return;
    }
  }
}

uint64_t main(void) {
  compile();
  for (int i = 0, count = repetitions(REPS); i < count; i++) {
    memset(cells, 0, sizeof cells);
    interpret(program);
  }
  return (uint64_t)variables[MIX] * 31 + (uint64_t)variables[COUNT];
}
