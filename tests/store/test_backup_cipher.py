"""Encryption of recorded configurations: what goes in comes out, with the same key and unaltered only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.store.backup_cipher import SCHEMA, BackupCipher, BackupKeyError
from eventready.store.change_steps import StoredConfiguration
from eventready.store.evidence import PackedEvidence

CIPHER, OTHER = BackupCipher(b"k" * 32), BackupCipher(b"o" * 32)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_goes_in_comes_out(text: str) -> None:
    stored = CIPHER.encrypt(text)
    assert stored.isascii()
    assert len(text) < 12 or text not in stored
    assert CIPHER.decrypt(stored) == text
    assert CIPHER.encrypt(text) != stored


def test_a_text_that_is_not_encrypted_is_refused() -> None:
    with pytest.raises(BackupKeyError, match="altered"):
        CIPHER.decrypt("hostname r1\ninterface x\n")


def test_another_key_is_named() -> None:
    with pytest.raises(BackupKeyError, match=f"the key {CIPHER.id}, and this workspace has the key {OTHER.id}"):
        OTHER.decrypt(CIPHER.encrypt("hostname r1"))
    assert "kkkk" not in repr(CIPHER)


@pytest.mark.parametrize("place", [0, 10, -5])
def test_an_altered_text_is_refused(place: int) -> None:
    header, body, _ = CIPHER.encrypt("hostname r1").split("\n")
    at = place % len(body)
    altered = f"{header}\n{body[:at]}{'A' if body[at] != 'A' else 'B'}{body[at + 1 :]}\n"
    with pytest.raises(BackupKeyError, match="altered"):
        CIPHER.decrypt(altered)
    with pytest.raises(BackupKeyError, match="altered"):
        CIPHER.decrypt(f"{header}\n")


def test_a_step_names_the_encrypted_texts() -> None:
    text = PackedEvidence.of("hostname r1")
    kept, (sealed,) = CIPHER.encrypt_answers(StoredConfiguration("x", (("show run", text.name),)), (text,))
    assert kept == StoredConfiguration("x", (("show run", sealed.name),), CIPHER.id)
    assert sealed.text.startswith(f"{SCHEMA} {CIPHER.id}\n")
    assert CIPHER.decrypt(sealed.text) == "hostname r1"
