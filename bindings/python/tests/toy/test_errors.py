"""Every status becomes an exception of its family, with its message."""

from __future__ import annotations

import errno
import pickle

import pytest

import libltx as ltx

CLASSES = {
    "INVALID_ARGUMENT": (ltx.InvalidArgument, ValueError),
    "INVALID_HANDLE": (ltx.InvalidArgument, ValueError),
    "STRUCT_SIZE": (ltx.InvalidArgument, ValueError),
    "TOO_NEW": (ltx.Unsupported, NotImplementedError),
    "BUSY": (ltx.Busy, RuntimeError),
    "REENTRANT": (ltx.Busy, RuntimeError),
    "TIMEOUT": (ltx.Timeout, TimeoutError),
    "CANCELLED": (ltx.Cancelled, RuntimeError),
    "NOT_READY": (ltx.Busy, RuntimeError),
    "UNSUPPORTED": (ltx.Unsupported, NotImplementedError),
    "NOT_BUILT": (ltx.Unsupported, NotImplementedError),
    "NO_DEVICE": (ltx.Unsupported, NotImplementedError),
    "ENVIRONMENT": (ltx.Unsupported, NotImplementedError),
    "FILE_NOT_FOUND": (ltx.FileError, OSError),
    "FILE_ACCESS": (ltx.FileError, OSError),
    "FILE_CORRUPT": (ltx.FileError, OSError),
    "FILE_FORMAT": (ltx.FileError, OSError),
    "DISK_FULL": (ltx.FileError, OSError),
    "MEDIA_DECODE": (ltx.FileError, OSError),
    "MEDIA_ENCODE": (ltx.FileError, OSError),
    "COMPONENT_MISSING": (ltx.ModelError, RuntimeError),
    "TENSOR_MISSING": (ltx.ModelError, RuntimeError),
    "TENSOR_MISMATCH": (ltx.ModelError, RuntimeError),
    "MODEL_CONFIG": (ltx.ModelError, RuntimeError),
    "MODEL_VERSION": (ltx.ModelError, RuntimeError),
    "LORA_MISMATCH": (ltx.ModelError, RuntimeError),
    "QUANT": (ltx.ModelError, RuntimeError),
    "OUT_OF_DEVICE_MEMORY": (ltx.OutOfMemory, MemoryError),
    "OUT_OF_HOST_MEMORY": (ltx.OutOfMemory, MemoryError),
    "BUDGET": (ltx.OutOfMemory, MemoryError),
    "DEVICE_LOST": (ltx.DeviceError, RuntimeError),
    "DEVICE": (ltx.DeviceError, RuntimeError),
    "NUMERIC": (ltx.NumericError, ArithmeticError),
    "INTERNAL": (ltx.InternalError, RuntimeError),
}


def test_every_status_has_an_exception(pipe, layout):
    codes = {name[6:]: code for name, code in layout["constants"].items() if name.startswith("LTX_E_")}
    assert set(codes) == set(CLASSES)
    for name, code in codes.items():
        with pytest.raises(ltx.LtxError) as caught:
            pipe.generate(f"fail={code}")
        own, builtin = CLASSES[name]
        assert type(caught.value) is own, name
        assert isinstance(caught.value, builtin), name
        assert caught.value.code == code
        assert caught.value.status is ltx.Status[name]
        if name != "CANCELLED":  # that text is the library's own
            assert str(caught.value) == f"the toy was told to fail with {code}. Tell it otherwise."


def test_errno_of_files(pipe):
    for code, number in ((30, errno.ENOENT), (31, errno.EACCES), (34, errno.ENOSPC), (32, None)):
        with pytest.raises(OSError) as caught:
            pipe.generate(f"fail={code}")
        assert caught.value.errno == number


def test_errors_survive_pickling(pipe):
    with pytest.raises(ltx.OutOfMemory) as caught:
        pipe.generate("throw=foreign")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is ltx.OutOfMemory
    assert (copy.code, copy.status, str(copy)) == (70, ltx.Status.OUT_OF_DEVICE_MEMORY, str(caught.value))


def test_a_closed_pipeline_says_so():
    pipe = ltx.Pipeline("distilled", models="toy")
    pipe.close()
    pipe.close()
    with pytest.raises(ltx.InvalidArgument, match="freed") as caught:
        pipe.info()
    assert caught.value.status == "invalid-handle"


def test_a_missing_component_is_a_model_error():
    with pytest.raises(ltx.ModelError, match=r"params\.models\.checkpoint") as caught:
        ltx.Pipeline("distilled", models=ltx.Models())
    assert caught.value.status is ltx.Status.COMPONENT_MISSING


def test_supports_answers_with_the_reason():
    assert ltx.supports("pipeline", "distilled")
    refused = ltx.supports("pipeline", ltx.Recipe.HDR)
    assert not refused
    assert refused.status == "not-built"
    assert "hdr" in refused.reason
    assert ltx.supports("quant", "int8", device="cuda:3").status == "no-device"
    for wrong in (("pipeline", None), ("media-read", "x"), ("pipeline", "x"), ("nothing", None)):
        with pytest.raises(ltx.InvalidArgument):
            ltx.supports(*wrong)
    with pytest.raises(ValueError, match="cuda:N"):
        ltx.supports("quant", "int8", device="cuda:x")
