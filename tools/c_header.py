"""Reads include/ltx_c.h into plain values, for everything that is generated from it or compared with it.

The header keeps to a small grammar (docs/c-api.md, rules R2 and R3), so this is a reader of that grammar and not of C: whatever it
does not recognise is an error, never skipped.
"""
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Member:
    name: str
    type: str  # "int32_t", "ltx_phase", "char", "ltx_lora" …
    pointers: int  # 0 or 1
    count: int | None  # length of an array


@dataclass(frozen=True)
class Struct:
    name: str
    members: tuple[Member, ...]

    @property
    def constant(self) -> str:
        """What ltx_init() calls it: ltx_lora is LTX_STRUCT_LORA."""
        return "LTX_STRUCT_" + self.name.removeprefix("ltx_").upper()


@dataclass(frozen=True)
class Enum:
    name: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Function:
    name: str
    result: Member
    parameters: tuple[Member, ...]


@dataclass(frozen=True)
class Header:
    version: str
    default: int  # LTX_DEFAULT
    handles: tuple[str, ...]
    enums: tuple[Enum, ...]
    structs: tuple[Struct, ...]
    callbacks: tuple[str, ...]
    functions: tuple[Function, ...]


SCALARS = {
    "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "size_t": 8, "float": 4, "double": 8, "uint8_t": 1, "char": 1,
    "ltx_bool": 4,
}


def _declarator(text: str, what: str) -> Member:
    """"const char* path", "uint8_t latent_sha256[32]", "int32_t (nothing)" for a result."""
    match = re.fullmatch(r"(?:const )?(\w+)\s*(\*{0,2})\s*(\w*)(?:\[(\d+)\])?", " ".join(text.split()))
    if not match:
        raise ValueError(f"{what}: '{text.strip()}' is not a declarator of this header")
    kind, stars, name, count = match.groups()
    return Member(name, kind, len(stars), int(count) if count else None)


def read(path: str | Path) -> Header:
    text = Path(path).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    macros = dict(re.findall(r"^#define (LTX_\w+) \(?(-?\d+)\)?$", text, flags=re.M))
    version = ".".join(macros[f"LTX_VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH"))

    handles = re.findall(r"^typedef struct (\w+) \1;", text, flags=re.M)
    callbacks = re.findall(r"^typedef int32_t \(\*(\w+)\)\(", text, flags=re.M)
    enums = []
    for name, body in re.findall(r"^typedef int32_t (ltx_\w+);\s*enum \{(.*?)\};", text, flags=re.S | re.M):
        values = []
        for value in filter(None, (part.strip() for part in body.split(","))):
            match = re.fullmatch(r"(LTX_\w+) = (\d+)", value)
            if not match:
                raise ValueError(f"{name}: '{value}' has no explicit value")
            values.append((match[1], int(match[2])))
        enums.append(Enum(name, tuple(values)))
    structs = [
        Struct(name, tuple(_declarator(part, name) for part in body.split(";") if part.strip()))
        for name, body in re.findall(r"^typedef struct (ltx_\w+) \{(.*?)\} \1;", text, flags=re.S | re.M)
    ]
    functions = []
    for result, name, parameters in re.findall(r"^LTX_API ([^;(]*?)(\w+)\(([^;]*?)\)\s*LTX_NOEXCEPT;", text, flags=re.S | re.M):
        listed = [] if parameters.strip() == "void" else parameters.split(",")
        functions.append(Function(name, _declarator(result, name), tuple(_declarator(part, name) for part in listed)))

    header = Header(version, int(macros["LTX_DEFAULT"]), tuple(handles), tuple(enums), tuple(structs), tuple(callbacks),
                    tuple(functions))
    _check(header, text)
    return header


def _check(header: Header, text: str) -> None:
    """Nothing was overlooked, and every type is known."""
    counts = {
        "functions": (len(header.functions), len(re.findall(r"^LTX_API ", text, flags=re.M))),
        "enumerations": (len(header.enums), len(re.findall(r"\benum \{", text))),
        "structs": (len(header.structs), len(re.findall(r"\bstruct \w+ \{", text))),
    }
    for what, (found, expected) in counts.items():
        if found != expected:
            raise ValueError(f"{found} {what} were understood, the header has {expected}")
    known = {*SCALARS, "void", *header.handles, *header.callbacks, *(e.name for e in header.enums), *(s.name for s in header.structs)}
    used = {m.type for s in header.structs for m in s.members}
    used |= {m.type for f in header.functions for m in (f.result, *f.parameters)}
    if used - known:
        raise ValueError(f"unknown types: {sorted(used - known)}")
