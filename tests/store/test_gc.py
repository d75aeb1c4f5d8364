"""Python's collector looks seldom while a large document is decoded, and an audit around that stays as calm."""

from __future__ import annotations

import gc
import subprocess
import sys
import zlib

import pytest

from eventready.core.this_process import ONCE, relaxed_gc
from eventready.store.documents import compress, decompress


@pytest.mark.slow
def test_a_document_decoded_inside_an_audit_leaves_its_gc_relaxed() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with relaxed_gc():
        seldom, frozen = gc.get_threshold(), gc.get_freeze_count()
        assert decompress(compress({"a": 1})) == {"a": 1}
        assert gc.get_threshold() == seldom != before[0]
        assert gc.get_freeze_count() >= frozen * 0.9 > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_a_damaged_document_leaves_the_collector_as_it_was() -> None:
    before = gc.get_threshold()
    with pytest.raises(zlib.error):
        decompress(b"no zlib")
    assert gc.get_threshold() == before


def test_objects_of_a_large_block_are_not_traversed_at_its_end() -> None:
    with relaxed_gc(ONCE):
        kept = [[number] for number in range(5_000)]
        before = gc.get_stats()[0]["collections"]
    assert kept
    assert gc.get_stats()[0]["collections"] == before


def test_a_process_ends_without_a_last_collection() -> None:
    program = (
        "import gc, eventready.core.this_process as _\n"
        "class Node:\n"
        "    def __del__(self): print('collected')\n"
        "gc.disable()\n"
        "node = Node(); node.itself = node; del node\n"
        "print('end')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "end\n"
