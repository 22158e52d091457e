"""The Python blocks of the documents run, in order, as they stand."""

from __future__ import annotations

import re

import pytest

DOCUMENTS = ("README.md", "docs/python.md", "bindings/python/README.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_blocks_of_a_document_run(source, document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    blocks = re.findall(r"^```python\n(.*?)^```$", (source / document).read_text(), flags=re.S | re.M)
    assert blocks
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{document}, block {number}", "exec"), names)
    assert (tmp_path / "cow.mp4").exists()
