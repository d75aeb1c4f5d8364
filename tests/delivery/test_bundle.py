"""Bundles: what was signed is read back, and whatever was done to it on the way is refused by name."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.clock import Clock, parse_moment
from eventready.delivery import bundle as bundles
from eventready.delivery.bundle import MANIFEST, SIGNATURE, pack, unpack
from eventready.delivery.parts import SCHEMA
from eventready.delivery.receive import receive
from eventready.errors import EventreadyError, Exit, RefusedError, UsageError
from eventready.keys import SUFFIX, PublicKey, load_private, load_public, make_key, public_path
from eventready.run import canonical
from tests.delivery.operators import ALPHA, BETA, EVENT, Operators, alpha, key_of

Harm = Callable[[dict[str, bytes], Operators], None]


@pytest.fixture(scope="module")
def operators() -> Operators:
    return Operators.invented()


@pytest.fixture(scope="module")
def good(operators: Operators) -> bytes:
    return pack(alpha(operators.clock.now()), EVENT, operators.one, operators.clock)


def contents_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def signed_anew(files: dict[str, bytes], operators: Operators, **changed: Any) -> None:
    """The manifest changed, and signed by the operator itself."""
    manifest = canonical({**json.loads(files[MANIFEST]), **changed})
    files[MANIFEST], files[SIGNATURE] = manifest, operators.one.sign(manifest)


def test_a_bundle_is_read_back(good: bytes, operators: Operators) -> None:
    bundle = unpack(good, operators.wanted())
    parts = alpha(bundle.manifest.made)
    assert bundle.operator == ALPHA
    assert bundle.manifest.schema_ == SCHEMA
    assert bundle.run.model_dump(exclude={"moment"}) == parts["run"].model_dump(exclude={"moment"})
    assert (bundle.duties, bundle.roster) == (parts["duties"], parts["roster"])
    assert bundle.incidents.incidents[0].subscribers == 12500


def test_nothing_in_it_changes_with_the_packing(operators: Operators) -> None:
    at = Clock.starting("2022-04-25 06:30")
    one = contents_of(pack(alpha(parse_moment("2022-04-25")), EVENT, operators.one, at))
    other = contents_of(pack(alpha(parse_moment("2022-04-25")), EVENT, operators.one, at))
    assert {name: data for name, data in one.items() if name not in (MANIFEST, SIGNATURE)} == {
        name: data for name, data in other.items() if name not in (MANIFEST, SIGNATURE)
    }


def _edit(name: str, old: bytes, new: bytes) -> Harm:
    def harm(files: dict[str, bytes], _operators: Operators) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return harm


def _swap_signature(files: dict[str, bytes], operators: Operators) -> None:
    files[SIGNATURE] = operators.other.sign(files[MANIFEST])


def _stranger(files: dict[str, bytes], _operators: Operators) -> None:
    stranger = key_of(ALPHA)
    manifest = canonical({**json.loads(files[MANIFEST]), "key": stranger.public.id})
    files[MANIFEST], files[SIGNATURE] = manifest, stranger.sign(manifest)


def _part_and_hash(files: dict[str, bytes], _operators: Operators) -> None:
    """A forger who also corrects the hash in the manifest, and cannot sign it."""
    files["run.json"] = files["run.json"].replace(b"NOT_READY", b"READY")
    manifest = json.loads(files[MANIFEST])
    manifest["parts"]["run"]["sha256"] = hashlib.sha256(files["run.json"]).hexdigest()
    files[MANIFEST] = canonical(manifest)


def _without_roster(files: dict[str, bytes], _operators: Operators) -> None:
    del files["roster.json"]


ATTACKS: dict[str, tuple[Harm, Exit, str]] = {
    "a verdict altered": (_edit("run.json", b"NOT_READY", b"READY"), Exit.REFUSED, "was altered: run.json"),
    "an incident removed": (_edit("incidents.json", b"12500", b"1"), Exit.REFUSED, "was altered: incidents.json"),
    "part and hash altered": (_part_and_hash, Exit.REFUSED, "was altered: the signature of"),
    "manifest altered": (_edit(MANIFEST, b'"rehearsal":true', b'"rehearsal":false'), Exit.REFUSED, "was altered"),
    "signature of another": (_swap_signature, Exit.REFUSED, "was altered: the signature of"),
    "signature cut": (lambda f, _o: f.update({SIGNATURE: f[SIGNATURE][:63]}), Exit.REFUSED, "was altered"),
    "signature long": (lambda f, _o: f.update({SIGNATURE: b"x" * 65}), Exit.REFUSED, "unpacks to more than"),
    "a stranger's key": (_stranger, Exit.REFUSED, "nobody whose key is known signed it"),
    "another's name": (lambda f, o: signed_anew(f, o, operator=BETA), Exit.REFUSED, "and the key is that of"),
    "another event": (lambda f, o: signed_anew(f, o, event="hue-2025"), Exit.REFUSED, "another event (hue-2025"),
    "too old": (lambda f, o: signed_anew(f, o, made="2022-04-17T07:59:00+07:00"), Exit.REFUSED,
                "too old: made 17/04/2022 07:59, more than 8 days ago"),
    "of the future": (lambda f, o: signed_anew(f, o, made="2022-04-25T08:11:00+07:00"), Exit.REFUSED, "in the future"),
    "a time without a zone": (lambda f, o: signed_anew(f, o, made="2022-04-25T08:00:00"), Exit.USAGE, "its time"),
    "a later schema": (lambda f, o: signed_anew(f, o, schema="eventready.bundle/2"), Exit.USAGE, "eventready.bundle/2"),
    "no parts": (lambda f, o: signed_anew(f, o, parts={}), Exit.USAGE, "does not name its time or its parts"),
    "manifest no JSON": (lambda f, _o: f.update({MANIFEST: b"{"}), Exit.USAGE, "manifest.json is no JSON object"),
    "manifest deep": (lambda f, _o: f.update({MANIFEST: b"[" * 90_000}), Exit.USAGE, "manifest.json is no JSON object"),
    "manifest a list": (lambda f, _o: f.update({MANIFEST: b"[]"}), Exit.USAGE, "manifest.json is no JSON object"),
    "manifest huge": (lambda f, _o: f.update({MANIFEST: b" " * 200_000}), Exit.REFUSED, "unpacks to more than 0.1 MB"),
    "a part missing": (_without_roster, Exit.USAGE, "roster.json is missing"),
    "path traversal": (lambda f, _o: f.update({"../../etc/cron.d/x": b"x"}), Exit.REFUSED, "'../../etc/cron.d/x'"),
    "absolute path": (lambda f, _o: f.update({"/etc/passwd": b"x"}), Exit.REFUSED, "something that no bundle has"),
    "a foreign file": (lambda f, _o: f.update({"setup.exe": b"x"}), Exit.REFUSED, "something that no bundle has"),
    "empty zip": (lambda f, _o: f.clear(), Exit.USAGE, "is missing"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_done_to_it_is_refused_and_said(attack: str, good: bytes, operators: Operators) -> None:
    harm, code, words = ATTACKS[attack]
    files = contents_of(good)
    harm(files, operators)
    with pytest.raises(EventreadyError) as refused:
        unpack(zipped(files), operators.wanted())
    assert words in str(refused.value)
    assert refused.value.exit is code


def test_a_zip_bomb_costs_no_memory(good: bytes, operators: Operators, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "LARGEST_PART", 1_000_000)
    files = contents_of(good)
    files["run.json"] = b"0" * 5_000_000
    bomb = zipped(files)
    assert len(bomb) < 30_000
    with pytest.raises(RefusedError, match=r"run\.json unpacks to more than 1 MB"):
        unpack(bomb, operators.wanted())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_file_twice_in_one_bundle(good: bytes, operators: Operators) -> None:
    buffer = io.BytesIO(good)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("run.json", b"{}")
    with pytest.raises(RefusedError, match="the same file twice"):
        unpack(buffer.getvalue(), operators.wanted())


def test_a_rehearsal_is_no_report(good: bytes, operators: Operators) -> None:
    with pytest.raises(RefusedError, match="made in a rehearsal"):
        unpack(good, operators.wanted(rehearsal=False))


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=255))
@settings(max_examples=300, deadline=None)
def test_no_single_byte_can_be_changed_unnoticed(place: int, value: int) -> None:
    harmed = bytearray(_GOOD)
    harmed[place % len(harmed)] = value
    try:
        bundle = unpack(bytes(harmed), _OPERATORS.wanted())
    except EventreadyError:
        return
    assert (bundle.run, bundle.duties, bundle.roster, bundle.incidents) == _PARTS


_OPERATORS = Operators.invented()
_GOOD = pack(alpha(_OPERATORS.clock.now()), EVENT, _OPERATORS.one, _OPERATORS.clock)
_READ = unpack(_GOOD, _OPERATORS.wanted())
_PARTS = (_READ.run, _READ.duties, _READ.roster, _READ.incidents)


def test_the_others_are_taken_all_the_same(operators: Operators, tmp_path: Path) -> None:
    one, other = operators.bundles(tmp_path)
    (tmp_path / "later.zip").write_bytes(
        pack(alpha(operators.clock.now()), EVENT, operators.one, Clock.starting("2022-04-25 07:00"))
    )
    (tmp_path / "junk.zip").write_bytes(b"junk")
    (tmp_path / "large.zip").write_bytes(b"0" * 20_000_001)
    names = ("alpha.zip", "beta.zip", "beta.zip", "junk.zip", "large.zip", "later.zip")
    received = receive([tmp_path / name for name in names], operators.wanted())
    assert [bundle.operator for bundle in received.bundles] == sorted([ALPHA, BETA])
    assert {(r.path.name, r.error.exit) for r in received.refused} == {
        ("beta.zip", Exit.REFUSED), ("junk.zip", Exit.USAGE), ("large.zip", Exit.USAGE), ("alpha.zip", Exit.REFUSED)
    }  # fmt: skip
    said = {r.path.name: str(r.error) for r in received.refused}
    assert "the very same bundle is taken already" in said["beta.zip"]
    assert "another bundle of this operator is taken already" in said["alpha.zip"]
    assert "later.zip" in said["alpha.zip"]
    assert (one.exists(), other.exists(), received.silent) == (True, True, ())


def test_who_has_not_reported_is_known(operators: Operators, tmp_path: Path) -> None:
    one, _ = operators.bundles(tmp_path)
    assert receive([one], operators.wanted()).silent == (BETA,)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vnpt.pem"
    public = make_key(path, "  Viễn thông Trà Vinh ")
    assert path.stat().st_mode & 0o777 == 0o600
    assert public.operator == "Viễn thông Trà Vinh"
    assert load_public(path.parent) == {public.id: public}
    assert load_private(str(path), tmp_path, "x").public.id == public.id
    with pytest.raises(UsageError, match="exists already and is not replaced"):
        make_key(path, "x")
    path.unlink()
    with pytest.raises(UsageError, match="exists already"):
        make_key(path, "x")
    with pytest.raises(UsageError, match="a key belongs to somebody"):
        make_key(tmp_path / "y.pem", " ")


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    make_key(path, "A")
    path.chmod(0o644)
    with pytest.raises(RefusedError, match="others may read this private key"):
        load_private(str(path), tmp_path, "A")


def test_a_key_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = make_key(tmp_path / "a.pem", "A")
    monkeypatch.setenv("BUNDLE_KEY", (tmp_path / "a.pem").read_text(encoding="utf-8"))
    assert load_private("env:BUNDLE_KEY", tmp_path, "A").public == public
    monkeypatch.setenv("BUNDLE_KEY", "nothing of the kind")
    with pytest.raises(UsageError, match="this is no private Ed25519 key"):
        load_private("env:BUNDLE_KEY", tmp_path, "A")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "x"}, "this is no published key"),
        ({"key": "!"}, "this is no published key"),
        ({"key": "AAAA"}, "this is no published key"),
        ({"id": "0000"}, "does not have the fingerprint that it names"),
        ({"operator": ""}, "does not have the fingerprint that it names"),
        (None, "this is no published key"),
    ],
)
def test_a_published_key_that_does_not_hold(change: dict[str, str] | None, words: str, tmp_path: Path) -> None:
    public = make_key(tmp_path / "a.pem", "A")
    text = "[]" if change is None else json.dumps({**public.plain(), **change})
    public_path(tmp_path / "a.pem").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        load_public(tmp_path)


def test_one_key_of_two_operators_is_a_quarrel(tmp_path: Path) -> None:
    public = make_key(tmp_path / "a.pem", "A")
    twin = replace(public, operator="B").plain()
    (tmp_path / f"b{SUFFIX}").write_text(json.dumps(twin), encoding="utf-8")
    with pytest.raises(UsageError, match="this is the key of A too"):
        load_public(tmp_path)
    with pytest.raises(UsageError, match="there is no key in this folder"):
        load_public(tmp_path / "nowhere")


def test_a_signature_is_for_these_bytes_only() -> None:
    key = key_of("A")
    assert key.public.verifies(key.sign(b"a"), b"a")
    assert not key.public.verifies(key.sign(b"a"), b"b")
    assert not PublicKey("A", b"short").verifies(key.sign(b"a"), b"a")
