"""libltx through ctypes, with the standard library alone: structs and prototypes made from the header, as an FFI of another language
would have them. Python programs use the package libltx instead.
"""
import ctypes
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import c_header  # noqa: E402

SCALARS = {
    "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t, "float": ctypes.c_float, "double": ctypes.c_double, "uint8_t": ctypes.c_uint8,
    "char": ctypes.c_char, "ltx_bool": ctypes.c_int32,
}


class LtxError(RuntimeError):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Ltx:
    """One loaded library. Constants are attributes (`ltx.LTX_OK`), so are functions; `ltx.make("ltx_request")` is an initialised
    struct. A function that returns a status raises LtxError on any but LTX_OK and those given as `also`."""

    def __init__(self, library: str | Path, header: str | Path = ROOT / "include" / "ltx_c.h"):
        self.header = c_header.read(header)
        self.dll = ctypes.CDLL(str(library))
        self.constants = {name: value for e in self.header.enums for name, value in e.values}
        self.enums = {e.name for e in self.header.enums}
        self.structs = {s.name: type(s.name, (ctypes.Structure,), {}) for s in self.header.structs}
        for s in self.header.structs:
            self.structs[s.name]._fields_ = [(m.name, self._type(m)) for m in s.members]
        for f in self.header.functions:
            entry = getattr(self.dll, f.name)
            entry.argtypes = [self._type(p) for p in f.parameters]
            entry.restype = None if f.result.type == "void" else self._type(f.result)

    def _type(self, m: c_header.Member):
        if m.type in self.header.callbacks:
            return ctypes.c_void_p
        if m.pointers:
            if m.pointers == 1 and m.type == "char":
                return ctypes.c_char_p
            if m.type == "void" or m.type in self.header.handles and m.pointers == 1:
                return ctypes.c_void_p
            return ctypes.POINTER(ctypes.c_void_p if m.type in self.header.handles else self._base(m.type))
        base = self._base(m.type)
        return base * m.count if m.count else base

    def _base(self, name: str):
        return ctypes.c_int32 if name in self.enums else self.structs.get(name) or SCALARS[name]

    def __getattr__(self, name: str):
        if name in self.constants:
            return self.constants[name]
        entry = getattr(self.dll, name)
        returns_status = next(f for f in self.header.functions if f.name == name).result.type == "ltx_status"
        if not returns_status:
            self.__dict__[name] = entry
            return entry

        def call(*arguments, also: tuple[int, ...] = ()):
            status = entry(*arguments)
            if status != 0 and status not in also:
                raise LtxError(status, self.dll.ltx_last_error().decode())
            return status

        self.__dict__[name] = call  # __getattr__ is asked once per name
        return call

    def make(self, name: str, **members):
        struct = self.structs[name]()
        number = self.constants[c_header.Struct(name, ()).constant]
        self.ltx_init(number, ctypes.byref(struct), ctypes.sizeof(struct))
        for member, value in members.items():
            setattr(struct, member, value)
        return struct

    def layout(self) -> dict:
        """In the shape of abi/layout.json."""
        structs = {
            name: {"size": ctypes.sizeof(s)} | {m: [getattr(s, m).offset, getattr(s, m).size] for m, _ in s._fields_}
            for name, s in self.structs.items()
        }
        return {"structs": structs, "constants": self.constants}


def frames(video) -> memoryview:
    """The frames of a view [F, H, W, 3], uint8, where they lie; valid while the result is."""
    if video.row_stride not in (0, 3 * video.width) or video.frame_stride not in (0, 3 * video.width * video.height):
        raise ValueError("the view is not tightly packed")
    shape = (video.frame_count, video.height, video.width, 3)
    size = shape[0] * shape[1] * shape[2] * 3
    return memoryview((ctypes.c_uint8 * size).from_address(video.data)).cast("B").cast("B", shape)


def layout_json() -> dict:
    return json.loads((ROOT / "abi" / "layout.json").read_text(encoding="utf-8"))
