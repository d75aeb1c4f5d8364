"""Bundles: what was signed is read back, and whatever was done to it on the way is refused by name."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.clock import Clock, parse_moment
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError
from eventready.core.strings.json_text import canonical
from eventready.delivery.checkpoint_files import MANIFEST
from eventready.province.bundles import bundle as bundles
from eventready.province.bundles.bundle import SIGNATURE, pack, unpack
from eventready.province.bundles.parts import PartName
from tests.province.operators import ALPHA, BETA, EVENT, Operators, alpha, key_of

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
    assert replace(bundle.run, moment=bundle.manifest.made) == parts["run"]
    assert (bundle.duties, bundle.roster) == (parts["duties"], parts["roster"])
    assert bundle.incidents.incidents[0].subscribers == 12500


IMPOSSIBLE: dict[str, tuple[PartName, Callable[[Any], Any], str]] = {
    "measured above needed": ("run", lambda p: {**p, "measured": 201}, "201 measured of 200 needed"),
    "reached above devices": ("run", lambda p: {**p, "reached": 17}, "17 devices reached of 16 devices"),
    "a negative count": ("run", lambda p: {**p, "counts": {"fail": -1}}, "must be at least 0"),
    "an integer of 4,000 digits": ("run", lambda p: {**p, "needed": 10**3999}, "must be at most 1000000000"),
    "fewer failures counted than listed": ("run", lambda p: {**p, "counts": {"fail": 0, "not_measured": 1}},
                                           "1 listed fail of 0 counted"),
    "a number as text": ("run", lambda p: {**p, "devices": "16"}, "must be a whole number"),
    "a parameter that is an object": (
        "run", lambda p: {**p, "findings": [{**p["findings"][0], "params": {"a": {"b": {"c": [[1]]}}}}]}, "params"),
    "a huge parameter": (
        "run", lambda p: {**p, "findings": [{**p["findings"][0], "params": {"a": 10**3999}}]}, "params"),
    "a verdict twice": ("run", lambda p: {**p, "verdicts": p["verdicts"] * 2}, "occurs twice"),
    "a clause twice": ("duties", lambda p: {"clauses": p["clauses"] * 2}, "the clause '1.1a' occurs twice"),
    "many clauses": ("duties", lambda p: {"clauses": p["clauses"] * 200}, "has more than 500 entries"),
    "a long clause": ("duties", lambda p: {"clauses": [{**p["clauses"][0], "vi": "x" * 3000}]}, "more than 1000 char"),
    "a roster that ends first": ("roster", lambda p: {**p, "end": "2022-04-01T00:00:00Z"}, "ends before its start"),
    "restored before it began": (
        "incidents", lambda p: {"incidents": [{**p["incidents"][0], "restored": "2022-04-01T00:00:00+07:00"}]},
        "restored before it began"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_figures_are_refused_though_signed(name: str, good: bytes, operators: Operators) -> None:
    part, change, words = IMPOSSIBLE[name]
    files = contents_of(good)
    files[f"{part}.json"] = json.dumps(change(json.loads(files[f"{part}.json"]))).encode()
    manifest = json.loads(files[MANIFEST])
    manifest["parts"][part]["sha256"] = hashlib.sha256(files[f"{part}.json"]).hexdigest()
    signed_anew(files, operators, parts=manifest["parts"])
    with pytest.raises(UsageError, match=re.escape(words)):
        unpack(zipped(files), operators.wanted())


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


def _outsider(files: dict[str, bytes], _operators: Operators) -> None:
    outsider = key_of(ALPHA)
    manifest = canonical({**json.loads(files[MANIFEST]), "key": outsider.public.id})
    files[MANIFEST], files[SIGNATURE] = manifest, outsider.sign(manifest)


def _part_and_hash(files: dict[str, bytes], _operators: Operators) -> None:
    """A forger who also corrects the hash in the manifest, and cannot sign it."""
    files["run.json"] = files["run.json"].replace(b"NOT_READY", b"READY")
    manifest = json.loads(files[MANIFEST])
    manifest["parts"]["run"]["sha256"] = hashlib.sha256(files["run.json"]).hexdigest()
    files[MANIFEST] = canonical(manifest)


def _without_roster(files: dict[str, bytes], _operators: Operators) -> None:
    del files["roster.json"]


ATTACKS: dict[str, tuple[Harm, Exit, str]] = {
    "a verdict altered": (_edit("run.json", b"NOT_READY", b"READY"), Exit.REFUSED, "altered: run.json"),
    "an incident removed": (_edit("incidents.json", b"12500", b"1"), Exit.REFUSED, "altered: incidents.json"),
    "part and hash altered": (_part_and_hash, Exit.REFUSED, "altered: invalid signature of"),
    "manifest altered": (_edit(MANIFEST, b'"rehearsal":true', b'"rehearsal":false'), Exit.REFUSED, "altered"),
    "signature of another": (_swap_signature, Exit.REFUSED, "altered: invalid signature of"),
    "signature cut": (lambda f, _o: f.update({SIGNATURE: f[SIGNATURE][:63]}), Exit.REFUSED, "altered"),
    "signature long": (lambda f, _o: f.update({SIGNATURE: b"x" * 65}), Exit.REFUSED, "unpacks to more than"),
    "a stranger's key": (_outsider, Exit.REFUSED, "unknown signing key"),
    "another's name": (lambda f, o: signed_anew(f, o, operator=BETA), Exit.REFUSED, "with the key of"),
    "another event": (lambda f, o: signed_anew(f, o, event="hue-2025"), Exit.REFUSED, "another event (hue-2025"),
    "too old": (lambda f, o: signed_anew(f, o, made="2022-04-17T07:59:00+07:00"), Exit.REFUSED,
                "too old: made 17/04/2022 07:59, more than 8 days ago"),
    "of the future": (lambda f, o: signed_anew(f, o, made="2022-04-25T08:11:00+07:00"), Exit.REFUSED, "in the future"),
    "no time zone": (lambda f, o: signed_anew(f, o, made="2022-04-25T08:00:00"), Exit.USAGE, "field 'made'"),
    "an earlier schema": (lambda f, o: signed_anew(f, o, schema="eventready.bundle/1"), Exit.USAGE, "bundle/1"),
    "a later schema": (lambda f, o: signed_anew(f, o, schema="eventready.bundle/3"), Exit.USAGE, "eventready.bundle/3"),
    "without a number": (lambda f, o: signed_anew(f, o, number=0), Exit.USAGE, "manifest.json: field 'number'"),
    "made in the year 1": (lambda f, o: signed_anew(f, o, made="0001-01-01T00:00:00+07:00"), Exit.USAGE, "made"),
    "no parts": (lambda f, o: signed_anew(f, o, parts={}), Exit.USAGE, "does not name all parts"),
    "manifest no JSON": (lambda f, _o: f.update({MANIFEST: b"{"}), Exit.USAGE, "invalid manifest.json"),
    "manifest deep": (lambda f, _o: f.update({MANIFEST: b"[" * 19_000}), Exit.USAGE, "invalid manifest.json"),
    "manifest a list": (lambda f, _o: f.update({MANIFEST: b"[]"}), Exit.USAGE, "invalid manifest.json"),
    "manifest huge": (lambda f, _o: f.update({MANIFEST: b" " * 200_000}), Exit.REFUSED, "unpacks to more than 0.02 MB"),
    "a part missing": (_without_roster, Exit.USAGE, "roster.json is missing"),
    "path traversal": (lambda f, _o: f.update({"../../etc/cron.d/x": b"x"}), Exit.REFUSED, "'../../etc/cron.d/x'"),
    "absolute path": (lambda f, _o: f.update({"/etc/passwd": b"x"}), Exit.REFUSED, "unknown file in the archive"),
    "a foreign file": (lambda f, _o: f.update({"setup.exe": b"x"}), Exit.REFUSED, "unknown file in the archive"),
    "empty zip": (lambda f, _o: f.clear(), Exit.USAGE, "is missing"),
}  # fmt: skip


@pytest.mark.attack(family="bundles")
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_done_to_it_is_refused_and_reported(attack: str, good: bytes, operators: Operators) -> None:
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
    with pytest.raises(RefusedError, match="a file occurs twice"):
        unpack(buffer.getvalue(), operators.wanted())


def test_a_rehearsal_is_no_report(good: bytes, operators: Operators) -> None:
    with pytest.raises(RefusedError, match="bundle of a rehearsal"):
        unpack(good, operators.wanted(rehearsal=False))


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=255))
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
