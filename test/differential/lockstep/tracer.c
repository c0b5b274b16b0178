/*
 * A plugin for QEMU: writes what each instruction finds, that is what the one before left, as the
 * registers that changed. Built by tracer.ts, which reads the file that it writes.
 *
 *   out=FILE        where to write
 *   boot=END        no instruction below this virtual address is written
 *   quiet=FROM-TO   nor one between these
 *   end=ADDRESS     there, memory is summed up too: x11 bytes from x10
 *   limit=N         QEMU ends after so many instructions
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
uint64_t qemu_plugin_insn_vaddr(const void *insn);
Array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(void *handle, Array *into);
bool qemu_plugin_read_memory_vaddr(uint64_t address, Array *into, size_t length);
Array *g_byte_array_new(void);
Array *g_byte_array_set_size(Array *array, unsigned length);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 4;

enum { READS_REGISTERS = 1, MOST_REGISTERS = 4600, PAGE = 4096 };
/* In the place of a register's value when QEMU refuses it, and of the count before memory. */
enum { ABSENT = 0x8000, MEMORY = 0xffff };

static FILE *out;
static uint64_t boot_end, quiet_from, quiet_to, end_address;
static uint64_t limit = UINT64_MAX;
static bool raw;
static unsigned registers;
static void *handles[MOST_REGISTERS];
static uint64_t values[MOST_REGISTERS];
static bool absent[MOST_REGISTERS];
static unsigned x10, x11;
static Array *buffer;

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

static void on_instruction(unsigned vcpu, void *data) {
  (void)vcpu;
  static uint16_t changed[MOST_REGISTERS];
  unsigned count = 0;
  for (unsigned i = 0; i < registers; i++) {
    g_byte_array_set_size(buffer, 0);
    int size = qemu_plugin_read_register(handles[i], buffer);
    uint64_t value = 0;
    if (size == 4) value = *(uint32_t *)buffer->data;
    if (size == 8) value = *(uint64_t *)buffer->data;
    bool gone = size != 4 && size != 8;
    if (gone == absent[i] && value == values[i]) continue;
    absent[i] = gone;
    values[i] = value;
    changed[count++] = i;
  }
  write64((uint64_t)(uintptr_t)data);
  write16(count);
  for (unsigned i = 0; i < count; i++) {
    unsigned at = changed[i];
    write16(absent[at] ? at | ABSENT : at);
    write64(values[at]);
  }
  if ((uint64_t)(uintptr_t)data == end_address) write_memory();
  if (--limit == 0) exit(0);
}

static void on_translation(uint64_t id, void *block) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(block);
  for (size_t i = 0; i < count; i++) {
    void *insn = qemu_plugin_tb_get_insn(block, i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    bool quiet = address < boot_end || (address >= quiet_from && address < quiet_to);
    if (quiet && address != end_address) continue;
    void *data = (void *)(uintptr_t)address;
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, READS_REGISTERS, data);
  }
}

/* The names of the registers come first in the file. */
static void on_vcpu(uint64_t id, unsigned vcpu) {
  (void)id;
  (void)vcpu;
  Array *list = qemu_plugin_get_registers();
  Register *all = (Register *)list->data;
  registers = list->len < MOST_REGISTERS ? list->len : MOST_REGISTERS;
  buffer = g_byte_array_new();
  write32(registers);
  for (unsigned i = 0; i < registers; i++) {
    handles[i] = all[i].handle;
    absent[i] = true;
    fprintf(out, "%s\n", all[i].name);
    if (strcmp(all[i].name, "a0") == 0) x10 = i;
    if (strcmp(all[i].name, "a1") == 0) x11 = i;
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
    if (strncmp(argv[i], "raw=", 4) == 0) raw = strcmp(value, "on") == 0;
    if (strncmp(argv[i], "quiet=", 6) == 0) {
      quiet_from = strtoull(value, &value, 0);
      quiet_to = strtoull(value + 1, NULL, 0);
    }
  }
  if (!out) return 1;
  qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
