# Runs inside gdb, attached to the stub: steps through a program and prints, as one JSON line each,
# what gdb makes of every stop; `monitor observe` has our own debugger look at the same moment. At
# the start, what gdb says of every instruction: its line, and the functions it belongs to.
import json
import os
import re
import gdb

stops = int(os.environ["COMPARE_STOPS"])
stride = int(os.environ["COMPARE_STRIDE"])
start, end = (int(part, 16) for part in os.environ["COMPARE_TEXT"].split("-"))
mask = (1 << 64) - 1

saved = ["ra", "sp", "gp", "tp"] + ["s%d" % i for i in range(12)]


def number(value):
    return str(int(value) & mask)


def scalar(value):
    if value.is_optimized_out:
        return "<optimized out>"
    type = value.type.strip_typedefs()
    if type.code == gdb.TYPE_CODE_FLT:
        return repr(float(value))
    if type.code in (gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL):
        return str(value)
    return str(int(value))


def leaves(path, value, found, depth=0):
    try:
        parts(path, value, found, depth)
    except (gdb.error, gdb.MemoryError, ValueError) as error:
        found[path] = "<%s>" % error


def parts(path, value, found, depth):
    type = value.type.strip_typedefs()
    if type.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        found[path] = number(value.referenced_value().address)
        return
    if type.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        for field in type.fields():
            # A static member has no place in the object.
            # What compilers add, the discriminant of a Rust enumeration, is not the program's.
            if not hasattr(field, "bitpos") or (field.artificial and not (field.name or "").startswith("_")):
                continue
            hidden = field.is_base_class or not field.name
            leaves(path if hidden else path + "." + field.name, value[field], found, depth + 1)
    elif type.code == gdb.TYPE_CODE_ARRAY:
        low, high = type.range()
        for i in range(low, high + 1):
            leaves("%s[%d]" % (path, i), value[i], found, depth + 1)
    elif type.code == gdb.TYPE_CODE_PTR:
        found[path] = "<optimized out>" if value.is_optimized_out else number(value)
    else:
        found[path] = scalar(value)


def place(value):
    # What a reference refers to is not where it is.
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        return "reference"
    if value.is_optimized_out:
        return "none"
    return "none" if value.address is None else number(value.address)


def variables(frame):
    result = []
    try:
        block = frame.block()
    except RuntimeError:
        return result
    seen = set()
    while block and not block.is_static and not block.is_global:
        for symbol in block:
            known = symbol.is_variable or symbol.is_argument or symbol.is_constant
            if not known or symbol.name in seen:
                continue
            seen.add(symbol.name)
            found, where = {}, "none"
            try:
                value = symbol.value(frame)
                where = place(value)
                leaves(symbol.name, value, found)
            except (gdb.error, gdb.MemoryError, ValueError) as error:
                found = {symbol.name: "<%s>" % error}
            result.append({"name": symbol.name, "type": str(symbol.type), "place": where, "values": found})
        if block.function:
            break
        block = block.superblock
    return result


def registers_of(names):
    """Which variables gdb says are in a register here, in the selected frame."""
    pc = gdb.selected_frame().pc()
    found = {}
    for name in names:
        try:
            text = gdb.execute("info address %s" % name, to_string=True)
        except gdb.error:
            continue
        ranges = re.findall(r"Range (0x[0-9a-f]+)-(0x[0-9a-f]+): (.*)", text)
        here = [what for low, high, what in ranges if int(low, 16) <= pc < int(high, 16)]
        # One location for the whole function, or one for each range of addresses.
        what = here[0] if ranges and here else "" if ranges else text.split(" is ", 1)[-1]
        match = re.match(r"a variable in \$(\w+)(,|[.]|$)", what)
        found[name] = match.group(1) if match else ""
    return found


def observe():
    frames = []
    frame = gdb.newest_frame()
    while frame and len(frames) < 40:
        sal = frame.find_sal()
        registers = {}
        for name in saved:
            value = frame.read_register(name)
            if not value.is_optimized_out:
                registers[name] = number(value)
        frames.append({
            "pc": str(frame.pc()),
            "function": without_parameters(frame.name() or "") or None,
            "file": sal.symtab.fullname() if sal.symtab else None,
            "line": sal.line,
            "inlined": frame.type() == gdb.INLINE_FRAME,
            "tailCall": frame.type() == gdb.TAILCALL_FRAME,
            "registers": registers,
            "variables": variables(frame),
        })
        if len(frames) == 1:
            names = [v["name"] for v in frames[0]["variables"]]
            frames[0]["inRegisters"] = registers_of(names)
        try:
            frame = frame.older()
        except gdb.error:
            # gdb has no way on from here.
            frame = None
    # Where gdb has just said without an end of line where it stands.
    print("\nSTOP " + json.dumps(frames))


def without_parameters(name):
    """A function's name without the parameters that C++ has behind it."""
    name = re.sub(r"( const| volatile| &+)+$", "", name)
    if not name.endswith(")") or name.endswith("operator()"):
        return name
    depth = 0
    for i in range(len(name) - 1, -1, -1):
        depth += (name[i] == ")") - (name[i] == "(")
        if depth == 0:
            return name[:i]
    return name


def calls_at(pc):
    names = []
    block = gdb.block_for_pc(pc)
    while block and not block.is_static and not block.is_global:
        if block.function:
            names.append(without_parameters(str(block.function)))
        block = block.superblock
    if not names:
        # Assembly that no debug information describes has its symbols.
        match = re.match(r"(\S+)", gdb.execute("info symbol 0x%x" % pc, to_string=True))
        names.append(match.group(1))
    return names


def code():
    architecture = gdb.selected_inferior().architecture()
    for instruction in architecture.disassemble(start, end - 1):
        pc = instruction["addr"]
        sal = gdb.find_pc_line(pc)
        block = gdb.block_for_pc(pc)
        while block and not block.function:
            block = block.superblock
        while block and block.superblock and not block.superblock.is_static and not block.superblock.is_global:
            block = block.superblock
        print("CODE " + json.dumps({
            "pc": str(pc),
            "file": sal.symtab.fullname() if sal.symtab else None,
            "line": sal.line,
            "low": str(sal.pc),
            "high": str(sal.last + 1) if sal.last else None,
            "calls": calls_at(pc),
            "start": str(block.start) if block and block.function else None,
            "end": str(block.end) if block and block.function else None,
        }))


def rows():
    """gdb's line tables, as it keeps them."""
    text = gdb.execute("maintenance info line-table", to_string=True)
    file = None
    for line in text.split("\n"):
        match = re.match(r"symtab: (.*) \(\(struct symtab", line)
        if match:
            file = match.group(1)
        match = re.match(r"(\d+) +(\d+|END) +(0x[0-9a-f]+) +(Y?)", line)
        if match:
            number, address = match.group(2), int(match.group(3), 16)
            print("ROW " + json.dumps({
                "file": file,
                "line": 0 if number == "END" else int(number),
                "address": str(address),
                "statement": match.group(4) == "Y",
            }))


for setting in ["confirm off", "pagination off", "width 0", "print entry-values no",
                "print max-depth unlimited", "backtrace past-main on"]:
    gdb.execute("set " + setting)
gdb.execute("target remote 127.0.0.1:%s" % os.environ["COMPARE_PORT"])
code()
rows()
finished = int(gdb.parse_and_eval("(unsigned long)&program_end"))
for _ in range(stops):
    gdb.execute("stepi %d" % stride, to_string=True)
    if gdb.newest_frame().pc() == finished:
        break
    observe()
    gdb.execute("monitor observe", to_string=True)
# Whoever ends earlier has failed.
print("\nDONE {}")
gdb.execute("kill")
