# Shared by the samples: how C and assembly become one ELF file. A sample's Makefile names the ELF
# and its objects. Paths in the debug information are relative to the sample's folder, so that an
# ELF built here is the same file wherever the folder lies.
CROSS_COMPILE ?= riscv64-unknown-elf-
CC = $(CROSS_COMPILE)gcc
DWARF ?= 5
CFLAGS = -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -msmall-data-limit=0 \
	-ffreestanding -fno-common -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror \
	-Og -g -gdwarf-$(DWARF) -fdebug-prefix-map=$(CURDIR)=.
LDFLAGS = -nostdlib -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments -T link.ld

$(PROGRAM): $(OBJECTS:%=build/%) link.ld
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS:%=build/%)

build/%.o: %.c $(wildcard *.h)
	@mkdir -p build
	$(CC) $(CFLAGS) -c -o $@ $<

build/%.o: %.S $(wildcard *.h)
	@mkdir -p build
	$(CC) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf build $(PROGRAM)

.PHONY: clean
