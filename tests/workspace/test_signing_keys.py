"""Signing keys: private to their owner, published with a fingerprint, succeeded by signature only."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.core.errors import RefusedError, UsageError
from eventready.workspace.keys.signing_keys import (
    SUFFIX,
    PublicKey,
    Succession,
    load_private,
    load_public,
    make_key,
    newest,
    public_path,
    shape,
)
from eventready.workspace.settings.change_settings import KeyHolder
from tests.province.operators import key_of


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vnpt.pem"
    public = make_key(path, "  Viễn thông Trà Vinh ")
    assert path.stat().st_mode & 0o777 == 0o600
    assert public.operator == "Viễn thông Trà Vinh"
    assert load_public(path.parent) == {public.id: public}
    assert load_private(str(path), tmp_path, "", default="x").public == public
    with pytest.raises(UsageError, match="published for 'Viễn thông Trà Vinh', not for 'x'"):
        load_private(str(path), tmp_path, "x")
    with pytest.raises(UsageError, match="the key exists already"):
        make_key(path, "x")
    path.unlink()
    with pytest.raises(UsageError, match="exists already"):
        make_key(path, "x")
    with pytest.raises(UsageError, match="the key has no operator"):
        make_key(tmp_path / "y.pem", " ")


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    make_key(path, "A")
    path.chmod(0o644)
    with pytest.raises(RefusedError, match="the private key is readable by others"):
        load_private(str(path), tmp_path, "A")


def test_a_key_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = make_key(tmp_path / "a.pem", "A")
    monkeypatch.setenv("BUNDLE_KEY", (tmp_path / "a.pem").read_text(encoding="utf-8"))
    assert load_private("env:BUNDLE_KEY", tmp_path, "A").public == public
    monkeypatch.setenv("BUNDLE_KEY", "nothing of the kind")
    with pytest.raises(UsageError, match="not a private Ed25519 key"):
        load_private("env:BUNDLE_KEY", tmp_path, "A")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "x"}, "not a published key"),
        ({"key": "!"}, "not a published key"),
        ({"key": "AAAA"}, "not a published key"),
        ({"id": "0000"}, "does not match its fingerprint"),
        ({"operator": ""}, "the key has no operator"),
        (None, "not a published key"),
    ],
)
def test_an_invalid_published_key_is_refused(change: dict[str, str] | None, words: str, tmp_path: Path) -> None:
    public = make_key(tmp_path / "a.pem", "A")
    text = "[]" if change is None else json.dumps({**public.to_dict(), **change})
    public_path(tmp_path / "a.pem").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        load_public(tmp_path)


def test_one_key_of_two_operators_is_refused(tmp_path: Path) -> None:
    public = make_key(tmp_path / "a.pem", "A")
    twin = replace(public, operator="B").to_dict()
    (tmp_path / f"b{SUFFIX}").write_text(json.dumps(twin), encoding="utf-8")
    with pytest.raises(UsageError, match="duplicate key of A"):
        load_public(tmp_path)
    with pytest.raises(UsageError, match="the folder has no published key"):
        load_public(tmp_path / "nowhere")


def test_a_signature_is_for_these_bytes_only() -> None:
    key = key_of("A")
    assert key.public.verifies(key.sign(b"a"), b"a")
    assert not key.public.verifies(key.sign(b"a"), b"b")
    assert not PublicKey("A", b"short").verifies(key.sign(b"a"), b"a")


#: The neutral point, and points whose order divides 8, with and without the sign bit.
SMALL = ("01" + "00" * 31, "00" * 32, "00" * 31 + "80", "ec" + "ff" * 30 + "7f", "ee" + "ff" * 31,
         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")  # fmt: skip


@pytest.mark.parametrize("point", SMALL)
def test_a_key_of_small_order_is_refused_on_import_and_on_verification(point: str, tmp_path: Path) -> None:
    key = PublicKey("A", bytes.fromhex(point))
    forged = bytes.fromhex("01" + "00" * 31) + bytes(32)
    assert not any(key.verifies(forged, message) for message in (b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"))
    (tmp_path / f"a{SUFFIX}").write_text(json.dumps(key.to_dict()), encoding="utf-8")
    with pytest.raises(UsageError, match=r"small order|not a published key"):
        load_public(tmp_path)
    with pytest.raises(ValueError, match="neither a fingerprint nor a public Ed25519 key"):
        KeyHolder(name="An", signs_with=base64.b64encode(key.raw).decode())


def test_a_second_key_of_an_operator_needs_the_signature_of_the_first(tmp_path: Path) -> None:
    old, new, last = (tmp_path / name / "key.pem" for name in ("old", "new", "last"))
    keys = tmp_path / "keys"
    keys.mkdir()

    def publish(path: Path, name: str) -> None:
        (keys / f"{name}{SUFFIX}").write_bytes(public_path(path).read_bytes())

    first = make_key(old, "A")
    publish(old, "1")
    foreign = make_key(tmp_path / "foreign.pem", "A")
    publish(tmp_path / "foreign.pem", "2")
    with pytest.raises(UsageError, match="2 keys of A without a signed succession"):
        load_public(keys)
    second = make_key(new, "A", load_private(str(old), tmp_path, "A"))
    publish(new, "2")
    third = make_key(last, "A", load_private(str(new), tmp_path, "A"))
    publish(last, "3")
    assert load_public(keys) == {key.id: key for key in (first, second, third)}
    assert newest([third, first, second]) == third
    stolen = replace(foreign, succeeds=Succession(first.id, second.succeeds.signature if second.succeeds else b""))
    (keys / f"3{SUFFIX}").write_text(json.dumps(stolen.to_dict()), encoding="utf-8")
    with pytest.raises(UsageError, match="without a signed succession"):
        load_public(keys)


@pytest.mark.parametrize(
    "twin", ["VNPT TRA VINH", "VNPT Trà  Vinh", "VNPT Trà V1nh", "VNPT Trà Vlnh", "ＶＮＰＴ Trà Vinh"]
)
def test_look_alike_names_of_operators_are_refused(twin: str, tmp_path: Path) -> None:
    for number, name in enumerate(("VNPT Trà Vinh", twin)):
        plain = key_of(name).public.to_dict()
        (tmp_path / f"{number}{SUFFIX}").write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(UsageError, match=r"look-alike names|not a Latin letter"):
        load_public(tmp_path)


@pytest.mark.parametrize("name", ["VNРT", "VNPT\u200b", "Ⅴiettel", "Mοbifone"])
def test_names_have_latin_letters_only(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which is not a Latin letter"):
        make_key(tmp_path / "a.pem", name)


def test_shapes_of_different_operators_differ() -> None:
    names = ("VNPT", "Viettel", "MobiFone", "Vietnamobile", "Bưu điện tỉnh", "FPT Telecom", "SCTV", "CMC")
    assert len({shape(name) for name in names}) == len(names)
