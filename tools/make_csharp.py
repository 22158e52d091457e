#!/usr/bin/env python3
"""Writes the C# face of the C header: enumerations, blittable structs and P/Invoke declarations under the header's own names.

    make_csharp.py include/ltx_c.h examples/csharp/LtxNative.cs

Blittable throughout: enumerations of 32 bits, fixed byte arrays, pointers; no string, bool or delegate that a runtime would have to
convert or pin. Handlers are therefore IntPtr, and a program passes IntPtr.Zero: jobs are polled.
"""
import sys
from pathlib import Path

import c_header

SCALARS = {
    "int32_t": "int", "uint32_t": "uint", "int64_t": "long", "uint64_t": "ulong", "size_t": "UIntPtr", "float": "float",
    "double": "double", "uint8_t": "byte", "char": "byte", "ltx_bool": "int", "void": "void",
}
KEYWORDS = {"params", "object", "event", "out", "in", "ref", "string", "default", "fixed", "base", "checked", "lock"}

HEAD = """\
// Generated from include/ltx_c.h {version} by tools/make_csharp.py; see the header for what everything means.
using System;
using System.Runtime.InteropServices;

namespace Ltx {{
"""


def name(text: str) -> str:
    return "@" + text if text in KEYWORDS else text


def kind(member: c_header.Member, header: c_header.Header) -> str:
    if member.type in header.callbacks:
        return "IntPtr"
    return SCALARS.get(member.type, member.type) + "*" * member.pointers


def enum(e: c_header.Enum) -> str:
    values = "".join(f"    {constant} = {value},\n" for constant, value in e.values)
    return f"  public enum {e.name} : int {{\n{values}  }}\n"


def struct(s: c_header.Struct, header: c_header.Header) -> str:
    lines = []
    for m in s.members:
        if m.count:
            lines.append(f"    public fixed {kind(m, header)} {name(m.name)}[{m.count}];\n")
        else:
            lines.append(f"    public {kind(m, header)} {name(m.name)};\n")
    return f"  [StructLayout(LayoutKind.Sequential)]\n  public unsafe struct {s.name} {{\n{''.join(lines)}  }}\n"


def function(f: c_header.Function, header: c_header.Header) -> str:
    parameters = ", ".join(f"{kind(p, header)} {name(p.name)}" for p in f.parameters)
    return (f"    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]\n"
            f"    public static extern {kind(f.result, header)} {f.name}({parameters});\n")


def init(s: c_header.Struct) -> str:
    return (f"    public static ltx_status {s.name}_init({s.name}* value) {{\n"
            f"      return ltx_init(ltx_struct.{s.constant}, value, (UIntPtr)sizeof({s.name}));\n    }}\n")


def generate(header: c_header.Header) -> str:
    parts = ["  // Handles: tokens, never dereferenced.\n" + "".join(f"  public struct {h} {{ }}\n" for h in header.handles)]
    parts += [enum(e) for e in header.enums]
    parts += [struct(s, header) for s in header.structs]
    members = [f"    public const string Library = \"ltx\";\n    public const int LTX_DEFAULT = {header.default};\n"]
    members += [function(f, header) for f in header.functions]
    members += ["    // Fill a struct with its defaults.\n" + "\n".join(init(s) for s in header.structs)]
    parts.append("  public static unsafe class Native {\n" + "\n".join(members) + "  }\n")
    return HEAD.format(version=header.version) + "\n".join(parts) + "}\n"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(generate(c_header.read(sys.argv[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
