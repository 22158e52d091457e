"""A client with nothing but the standard library: structs from the layout file, a poll loop, the error text.

usage: ctypes_client.py LIBRARY LAYOUT.json
"""
import ctypes
import json
import sys

library = ctypes.CDLL(sys.argv[1])
layout = json.load(open(sys.argv[2], encoding="utf-8"))
structs, constants = layout["structs"], layout["constants"]
library.ltx_last_error.restype = ctypes.c_char_p
library.ltx_enum_name.restype = ctypes.c_char_p
library.ltx_init.argtypes = [ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t]
library.ltx_free.argtypes = [ctypes.c_void_p]


class Struct:
    def __init__(self, name):
        self.members = structs[name]
        self.memory = ctypes.create_string_buffer(self.members["size"])
        number = constants["LTX_STRUCT_" + name[4:].upper()]
        assert library.ltx_init(number, self.memory, self.members["size"]) == 0, library.ltx_last_error()

    def view(self, member, kind):
        offset, size = self.members[member]
        assert ctypes.sizeof(kind) == size
        return kind.from_buffer(self.memory, offset)

    @property
    def pointer(self):
        return ctypes.cast(self.memory, ctypes.c_void_p)


def check(status):
    assert status == 0, (status, library.ltx_last_error())


checkpoint, prompt = ctypes.c_char_p(b"toy.safetensors"), ctypes.c_char_p(b"delay=2")
models = Struct("ltx_model_paths")
models.view("checkpoint", ctypes.c_char_p).value = checkpoint.value
params = Struct("ltx_pipeline_params")
params.view("kind", ctypes.c_int32).value = constants["LTX_PIPELINE_DISTILLED"]
params.view("models", ctypes.c_void_p).value = models.pointer.value
pipeline, job = ctypes.c_void_p(), ctypes.c_void_p()
check(library.ltx_pipeline_create(params.pointer, ctypes.byref(pipeline)))

request = Struct("ltx_request")
assert request.view("seed", ctypes.c_uint64).value == 10
assert library.ltx_generate_start(pipeline, request.pointer, ctypes.byref(job)) == constants["LTX_E_INVALID_ARGUMENT"]
assert b"request.prompt" in library.ltx_last_error()
assert job.value is None
request.view("prompt", ctypes.c_char_p).value = prompt.value
check(library.ltx_generate_start(pipeline, request.pointer, ctypes.byref(job)))
event, seen = Struct("ltx_event"), set()
while True:
    status = library.ltx_job_next_event(job, 0, event.pointer)
    if status == constants["LTX_E_TIMEOUT"]:
        continue
    check(status)
    seen.add(event.view("type", ctypes.c_int32).value)
    if event.view("type", ctypes.c_int32).value == constants["LTX_EVENT_FINISHED"]:
        break
assert event.view("status", ctypes.c_int32).value == 0
assert constants["LTX_EVENT_PROGRESS"] in seen
library.ltx_free(job)
library.ltx_free(pipeline)
assert library.ltx_job_cancel(job) == constants["LTX_E_INVALID_HANDLE"]
print("ok")
