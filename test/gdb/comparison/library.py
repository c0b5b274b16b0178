# Runs inside gdb, attached to the stub: what gdb's printers of the C++ library make of each variable
# of main at a checkpoint, as JSON; `monitor observe` has our own debugger look at the same moment.
import json
import os
import sys
import gdb

sys.path.insert(0, "/usr/share/gcc/python")
from libstdcxx.v6.printers import register_libstdcxx_printers

register_libstdcxx_printers(None)


def text(value):
    return value.value().string() if hasattr(value, "value") else value if isinstance(value, str) else value.string()


def plain(value):
    type = value.type.strip_typedefs()
    if type.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        return plain(value.referenced_value())
    printer = gdb.default_visualizer(value)
    if printer is not None:
        return printed(printer)
    if type.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        # That has no printer: an array of the library is an array in a class.
        names = [field.name for field in type.fields()]
        if names == ["_M_elems"]:
            return plain(value["_M_elems"]) if value.type.sizeof > 1 else []
        return {name: plain(value[name]) for name in names}
    if type.code == gdb.TYPE_CODE_ARRAY:
        low, high = type.range()
        return [plain(value[i]) for i in range(low, high + 1)]
    if type.code == gdb.TYPE_CODE_ENUM:
        return str(value).split("::")[-1]
    if type.code == gdb.TYPE_CODE_BOOL:
        return bool(value)
    if type.code == gdb.TYPE_CODE_PTR:
        return {"to": int(value)}
    return int(value)


def printed(printer):
    hint = printer.display_hint() if hasattr(printer, "display_hint") else None
    if hint == "string":
        return text(printer.to_string())
    children = [(name, child if not isinstance(child, gdb.Value) else plain(child))
                for name, child in (printer.children() if hasattr(printer, "children") else [])]
    values = [child for _, child in children]
    if hint == "map":
        return [["[%s]" % json.dumps(key), value] for key, value in zip(values[::2], values[1::2])]
    kind = type(printer).__name__
    if kind == "StdAtomicPrinter":
        return atomic(printer.to_string())
    if kind in ("UniquePointerPrinter", "StdVariantPrinter"):
        return values[0]
    if kind == "StdExpOptionalPrinter":
        return values[0] if values else None
    return dict(children) if kind == "StdPairPrinter" else values


def atomic(printed):
    """The value in `std::atomic<int> = { 42 }`."""
    held = printed.split("{ ")[-1][:-2]
    if held in ("true", "false"):
        return held == "true"
    if held.startswith("0x"):
        return {"to": int(held.split(" ")[0], 16)}
    return int(held) if held.lstrip("-").isdigit() else held.split("::")[-1]


gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("target remote 127.0.0.1:%s" % os.environ["COMPARE_PORT"])
gdb.execute("break checkpoint")
gdb.execute("continue", to_string=True)
frame = gdb.newest_frame()
while frame.name() != "main":
    frame = frame.older()
found = {symbol.name: plain(symbol.value(frame)) for symbol in frame.block() if symbol.is_variable}
print("\nSEEN " + json.dumps(found))
gdb.execute("monitor observe", to_string=True)
gdb.execute("kill")
