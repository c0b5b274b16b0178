/*
 * A plugin for QEMU: writes what each instruction finds, that is what the one before left, as the
 * registers that changed. Built by tracer.ts, which reads the file that it writes.
 *
 * To ask QEMU for all 400 registers takes ten times as long as the instruction. What is asked for:
 *   always                                    pc, x, the mode (priv), mip
 *   behind a floating-point instruction       besides them f, fflags, frm, fcsr, mstatus, sstatus,
 *                                             vsstatus
 *   behind a SYSTEM instruction, behind       all registers
 *   whatever did not go on at the next
 *   address (traps, interrupts, returns,
 *   jumps, the monitor), where the mode or
 *   mip changed, at the end of a program,
 *   and where `every` instructions passed
 *   without
 * What an instruction changed that it should not is so written at most `every` instructions later,
 * in a record that says that all was read; with every=1 at once.
 *
 *   out=FILE        where to write
 *   boot=END        no instruction below this virtual address is written
 *   quiet=FROM-TO   nor one between these
 *   end=ADDRESS     there, memory is summed up too: x11 bytes from x10
 *   limit=N         QEMU ends after so many instructions
 *   every=N         at least every so many instructions all registers are read
 *   raw=on          memory is written as it is instead of as sums of its pages
 *
 * Nothing is included of QEMU: these are the functions of its plugin interface that are called, and
 * the arrays of GLib that it passes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { char *data; unsigned len; } Array;
typedef struct { void *handle; const char *name; const char *feature; } Register;
typedef void (*OnVcpu)(uint64_t id, unsigned vcpu);
typedef void (*OnTranslation)(uint64_t id, void *block);
typedef void (*OnInstruction)(unsigned vcpu, void *data);

void qemu_plugin_register_vcpu_init_cb(uint64_t id, OnVcpu on);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, OnTranslation on);
void qemu_plugin_register_vcpu_insn_exec_cb(void *insn, OnInstruction on, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const void *block);
void *qemu_plugin_tb_get_insn(const void *block, size_t index);
size_t qemu_plugin_insn_size(const void *insn);
size_t qemu_plugin_insn_data(const void *insn, void *into, size_t length);
uint64_t qemu_plugin_insn_vaddr(const void *insn);
Array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(void *handle, Array *into);
bool qemu_plugin_read_memory_vaddr(uint64_t address, Array *into, size_t length);
Array *g_byte_array_new(void);
Array *g_byte_array_set_size(Array *array, unsigned length);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 4;

enum { READS_REGISTERS = 1, MOST_REGISTERS = 4600, PAGE = 4096 };
/*
 * In the place of a register's value when QEMU refuses it, with the count where all registers were
 * read, and of the count before memory.
 */
enum { ABSENT = 0x8000, COMPLETE = 0x8000, MEMORY = 0xffff };

/* What an instruction may change besides x. */
typedef enum { INTEGERS, FLOATS, ANYTHING } Effect;
typedef struct { unsigned size; Effect effect; } Instruction;
/* Registers that are read together, by their index. */
typedef struct { unsigned count; uint16_t at[MOST_REGISTERS]; } Set;

static FILE *out;
static uint64_t boot_end, quiet_from, quiet_to, end_address;
static uint64_t limit = UINT64_MAX;
static unsigned every = 1;
static bool raw;
static void *handles[MOST_REGISTERS];
static uint64_t values[MOST_REGISTERS];
static bool absent[MOST_REGISTERS];
static unsigned x10, x11;
/* What is always read, whose change means that others changed, and that of floating point. */
static Set all, integers, signs, floats;
static Array *buffer;
static const Instruction *before;
static uint64_t address_before;
static void *pc;
static unsigned incomplete;

/* A record: where, how many registers, and of each which and what. */
static struct __attribute__((packed)) {
  uint64_t address;
  uint16_t count;
  struct __attribute__((packed)) { uint16_t at; uint64_t value; } changed[MOST_REGISTERS];
} record;

static void write16(uint16_t value) { fwrite(&value, 2, 1, out); }
static void write32(uint32_t value) { fwrite(&value, 4, 1, out); }
static void write64(uint64_t value) { fwrite(&value, 8, 1, out); }

static void write_memory(void) {
  write64(end_address);
  write16(MEMORY);
  write32(values[x11]);
  g_byte_array_set_size(buffer, 0);
  if (!qemu_plugin_read_memory_vaddr(values[x10], buffer, values[x11])) abort();
  if (raw) {
    fwrite(buffer->data, 1, buffer->len, out);
    return;
  }
  const uint32_t *words = (const uint32_t *)buffer->data;
  for (unsigned page = 0; page < buffer->len / PAGE; page++) {
    uint32_t sum = 0;
    for (unsigned i = 0; i < PAGE / 4; i++) sum = (sum ^ *words++) * 0x01000193u + (sum >> 15);
    write32(sum);
  }
}

/* Whether any of them changed. */
static bool read_set(const Set *set) {
  unsigned count = record.count;
  for (unsigned i = 0; i < set->count; i++) {
    unsigned at = set->at[i];
    g_byte_array_set_size(buffer, 0);
    int size = qemu_plugin_read_register(handles[at], buffer);
    uint64_t value = 0;
    if (size == 4) value = *(uint32_t *)buffer->data;
    if (size == 8) value = *(uint64_t *)buffer->data;
    bool gone = size != 4 && size != 8;
    if (gone == absent[at] && value == values[at]) continue;
    absent[at] = gone;
    values[at] = value;
    record.changed[record.count].at = gone ? at | ABSENT : at;
    record.changed[record.count++].value = value;
  }
  return record.count != count;
}

/*
 * QEMU takes what it translated for one virtual address for another of the same page, so the address
 * is not known before.
 */
static uint64_t address_now(void) {
  g_byte_array_set_size(buffer, 0);
  return qemu_plugin_read_register(pc, buffer) == 4 ? *(uint32_t *)buffer->data : *(uint64_t *)buffer->data;
}

static bool all_may_have_changed(uint64_t address) {
  if (!before || before->effect == ANYTHING || address_before + before->size != address) return true;
  return address == end_address || incomplete + 1 >= every;
}

static void on_instruction(unsigned vcpu, void *data) {
  (void)vcpu;
  const Instruction *now = data;
  const uint64_t address = record.address = address_now();
  record.count = 0;
  bool complete = read_set(&signs) || all_may_have_changed(address);
  if (complete) {
    read_set(&all);
  } else {
    read_set(&integers);
    if (before->effect == FLOATS) read_set(&floats);
  }
  incomplete = complete ? 0 : incomplete + 1;
  before = now;
  address_before = address;
  size_t size = 10 + record.count * sizeof record.changed[0];
  if (complete) record.count |= COMPLETE;
  fwrite(&record, size, 1, out);
  if (address == end_address) write_memory();
  if (--limit == 0) exit(0);
}

/* By the major opcode, or the quadrant and funct3 of 16 bits. */
static Effect effect_of(uint32_t word) {
  if ((word & 3) != 3) {
    /* C.FLD, C.FLW, C.FSD, C.FSW and their forms with sp, of either register width. */
    bool loads = (word & 1) == 0 && (0xaa >> (word >> 13 & 7) & 1);
    /* C.EBREAK traps, which shows by itself. */
    return loads ? FLOATS : INTEGERS;
  }
  switch (word & 0x7f) {
  case 0x73: return ANYTHING;
  case 0x07: case 0x27: case 0x43: case 0x47: case 0x4b: case 0x4f: case 0x53: return FLOATS;
  default: return INTEGERS;
  }
}

/* QEMU translates code anew where it changed; what was said of the old stays. */
static const Instruction *described(const void *insn) {
  Instruction *own = malloc(sizeof *own);
  uint32_t word = 0;
  qemu_plugin_insn_data(insn, &word, sizeof word);
  own->size = qemu_plugin_insn_size(insn);
  own->effect = effect_of(word);
  return own;
}

static void on_translation(uint64_t id, void *block) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(block);
  for (size_t i = 0; i < count; i++) {
    void *insn = qemu_plugin_tb_get_insn(block, i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    bool quiet = address < boot_end || (address >= quiet_from && address < quiet_to);
    if (quiet && address != end_address) continue;
    void *data = (void *)described(insn);
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, READS_REGISTERS, data);
  }
}

static bool is_one_of(const char *name, const char *list) {
  const char *found = strstr(list, name);
  size_t length = strlen(name);
  return found && found[length] == ' ' && (found == list || found[-1] == ' ');
}

static void add(Set *set, unsigned index) { set->at[set->count++] = index; }

/* The names of the registers come first in the file. */
static void on_vcpu(uint64_t id, unsigned vcpu) {
  (void)id;
  (void)vcpu;
  Array *list = qemu_plugin_get_registers();
  Register *all_registers = (Register *)list->data;
  unsigned registers = list->len < MOST_REGISTERS ? list->len : MOST_REGISTERS;
  buffer = g_byte_array_new();
  write32(registers);
  for (unsigned i = 0; i < registers; i++) {
    const char *name = all_registers[i].name;
    handles[i] = all_registers[i].handle;
    absent[i] = true;
    fprintf(out, "%s\n", name);
    if (strcmp(name, "pc") == 0) pc = handles[i];
    if (strcmp(name, "a0") == 0) x10 = i;
    if (strcmp(name, "a1") == 0) x11 = i;
    /* The address of each record says pc; time is nobody's. */
    if (is_one_of(name, "pc time timeh ")) continue;
    const char *feature = all_registers[i].feature;
    bool is_float = strstr(feature, ".fpu") != NULL;
    add(&all, i);
    if (strstr(feature, ".cpu")) add(&integers, i);
    if (is_one_of(name, "priv mip ")) add(&signs, i);
    if (is_float || is_one_of(name, "fflags frm fcsr mstatus sstatus vsstatus ")) add(&floats, i);
  }
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=') + 1;
    if (strncmp(argv[i], "out=", 4) == 0) out = fopen(value, "wb");
    if (strncmp(argv[i], "end=", 4) == 0) end_address = strtoull(value, NULL, 0);
    if (strncmp(argv[i], "boot=", 5) == 0) boot_end = strtoull(value, NULL, 0);
    if (strncmp(argv[i], "limit=", 6) == 0) limit = strtoull(value, NULL, 0);
    if (strncmp(argv[i], "every=", 6) == 0) every = strtoull(value, NULL, 0);
    if (strncmp(argv[i], "raw=", 4) == 0) raw = strcmp(value, "on") == 0;
    if (strncmp(argv[i], "quiet=", 6) == 0) {
      quiet_from = strtoull(value, &value, 0);
      quiet_to = strtoull(value + 1, NULL, 0);
    }
  }
  if (!out) return 1;
  setvbuf(out, NULL, _IOFBF, 1 << 16);
  qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
