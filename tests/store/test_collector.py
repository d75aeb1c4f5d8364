"""Python's collector looks seldom while a large document is decoded, and an audit around that stays as calm."""

from __future__ import annotations

import gc
import zlib

import pytest

from eventready.collector import calm
from eventready.store.documents import fold, unfold


def test_a_document_decoded_inside_an_audit_leaves_the_audit_calm() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with calm():
        seldom, frozen = gc.get_threshold(), gc.get_freeze_count()
        assert unfold(fold({"a": 1})) == {"a": 1}
        assert gc.get_threshold() == seldom != before[0]
        assert gc.get_freeze_count() >= frozen * 0.9 > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_a_damaged_document_leaves_the_collector_as_it_was() -> None:
    before = gc.get_threshold()
    with pytest.raises(zlib.error):
        unfold(b"no zlib")
    assert gc.get_threshold() == before
