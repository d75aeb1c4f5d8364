"""A plan file is whole and unaltered, or it is one sentence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from eventready.change.document import PlanFile, load_plan, parse_plan, plan_hash, recorded_plan, seal, write_plan
from eventready.cli.change.plan_text import plan_lines
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import in_english, in_language, message, to_stored
from eventready.core.strings.json_text import canonical
from tests.change.plans import document, plan, planned

WHOLE = PlanFile(plan=plan()).document
_RISK: dict[str, Any] = {"text": "A risk.", "id": "change:risk.alone", "params": {}}


def _nested(levels: int) -> list[Any]:
    found: list[Any] = []
    for _level in range(levels):
        found = [found]
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = PlanFile(plan=plan())
    write_plan(tmp_path / "plan.json", file)
    read = load_plan(tmp_path / "plan.json")
    assert read == file
    assert read.plan.device("edge-1").forward == ("interface eth0", "vrrp 10 priority 110", "exit")
    assert "Nguyễn Văn An" in (tmp_path / "plan.json").read_text(encoding="utf-8")


def test_a_plan_written_again_keeps_its_seal(tmp_path: Path) -> None:
    with_role = plan(devices=[planned(role="router")])
    for one in (plan(), with_role):
        write_plan(tmp_path / "plan.json", PlanFile(plan=one))
        write_plan(tmp_path / "again.json", load_plan(tmp_path / "plan.json"))
        assert load_plan(tmp_path / "again.json").plan == one
    assert with_role.sha256 != plan().sha256


NAMED = [planned(name, soak_s=180.0) for name in ("r1", "r2", "r3")]


def test_a_plan_of_an_earlier_release_keeps_its_seal() -> None:
    """A plan approved before an upgrade has not the keys that came with it; its record was taken for altered once."""
    old = {key: value for key, value in plan().document.items() if key not in ("together", "unmeasured", "sha256")}
    sealed = {**old, "sha256": hashlib.sha256(canonical(old)).hexdigest()}
    again = parse_plan({"plan": sealed})
    assert (again.document["plan"], again.plan.together) == (sealed, ())
    assert parse_plan(again.document) == again


def test_a_plan_with_numbers_of_waves_is_executed_in_sequence_and_keeps_its_seal() -> None:
    """An earlier release wrote numbers of waves; its record must be readable for a way back."""
    old = {**plan(waves=[["r1"], ["r2"], ["r3"]], devices=NAMED).document, "together": [2, 3]}
    sealed = {key: value for key, value in old.items() if key != "sha256"}
    sealed = {**sealed, "sha256": hashlib.sha256(canonical(sealed)).hexdigest()}
    again = parse_plan({"plan": sealed})
    assert (again.document["plan"], again.plan.together) == (sealed, ())
    assert [again.plan.beside(number) for number in range(3)] == [frozenset()] * 3
    assert recorded_plan(canonical({"plan": sealed}), "c-1").duration == 630.0


@pytest.mark.parametrize("together", [[["r1"], ["r3"], ["nobody", "r3"]], [[], []], [[], [], [], ["r1"]]])
def test_only_devices_of_earlier_waves_soak_beside_a_wave(together: list[list[str]]) -> None:
    one = plan(devices=NAMED, waves=[["r1"], ["r2"], ["r3"]], together=together)
    assert [one.beside(number) for number in range(3)] == [frozenset()] * 3


def test_the_expected_duration_counts_a_common_soak_once() -> None:
    parts = {"devices": NAMED, "waves": [["r1"], ["r2"], ["r3"]]}
    assert plan(**parts).timetable() == ((0.0, 210.0), (210.0, 420.0), (420.0, 630.0))
    common = plan(**parts, together=[[], [], ["r2"]])
    assert common.timetable() == ((0.0, 210.0), (210.0, 420.0), (230.0, 440.0))
    assert (common.duration, plan(**parts).duration) == (440.0, 630.0)
    assert common.timetable(0.0)[-1] == (50.0, 80.0), "a soak chosen for a lab"
    assert common.timetable(overlap=False) == plan(**parts).timetable()
    order = "\n".join(plan_lines(common, "en")).partition("Order")[2]
    assert order.count("about 4 min") == 3
    assert "r3  about 4 min, begins in the soak of r2" in order
    assert "about 8 min in all" in order


def test_a_short_device_of_an_earlier_wave_has_ended_while_a_long_one_soaks() -> None:
    devices = [planned("r1", soak_s=180.0), planned("r2", soak_s=30.0), planned("r3", soak_s=30.0)]
    one = plan(devices=devices, waves=[["r1", "r2"], ["r3"]], together=[[], ["r1"]])
    assert one.timetable() == ((0.0, 210.0), (60.0, 120.0))


def test_a_plan_of_another_version_is_refused(tmp_path: Path) -> None:
    document = {**plan().document, "schema": "eventready.plan/1"}
    with pytest.raises(UsageError, match=r"eventready\.plan/1"):
        parse_plan({"plan": document}, str(tmp_path))


def test_a_sentence_of_a_plan_is_rendered_in_the_language_of_its_reader() -> None:
    risk = message("change:risk.way", us="192.0.2.1", line="ip route")
    again = parse_plan({"plan": plan(devices=[planned(risks=[to_stored(risk)])]).document}).plan
    (found,) = again.device("edge-1").risks
    assert found == risk
    assert in_english(found) == "The way back to 192.0.2.1 depends on `ip route` after the change."
    assert in_language(found, "vi") == risk.render("vi")


def test_a_message_that_the_catalogue_has_lost_keeps_its_text_and_the_seal() -> None:
    lost = {"text": "Once known.", "id": "change:risk.lost", "params": {"line": "x"}}
    old = plan(devices=[planned(risks=[lost])])
    again = parse_plan({"plan": old.document}).plan
    assert again.document == old.document
    assert in_language(again.device("edge-1").risks[0], "vi") == "Once known."


def test_the_seal_is_over_everything_and_nothing_else() -> None:
    assert plan().sha256 == plan().sha256
    assert seal({**document(), "sha256": "c" * 64}) == plan()
    for key, value in {"by": "x", "rolls_back": "c-1", "unchanged": [], "approvals_needed": 1}.items():
        assert plan(**{key: value}).sha256 != plan().sha256


def paths(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every value in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[str | int, ...]] = [place] if place else []
    return found + [path for key, item in inner for path in paths(item, (*place, key))]


def altered(place: tuple[str | int, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(WHOLE))
    holder: Any = copy["plan"]
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = change(holder[place[-1]])
    return copy


@pytest.mark.parametrize("place", paths(WHOLE["plan"]), ids=lambda place: ".".join(map(str, place)))
def test_no_value_can_be_altered(place: tuple[str | int, ...]) -> None:
    with pytest.raises(EventreadyError) as error:
        parse_plan(altered(place, lambda value: f"{value}x" if isinstance(value, str) else [value, 1]), "plan.json")
    assert error.value.exit == (2 if place == ("schema",) else 7)
    assert "\n" not in str(error.value)


@given(garbage=st.binary(max_size=200))
def test_garbage_is_one_sentence(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    path.write_bytes(garbage)
    with pytest.raises(UsageError) as error:
        load_plan(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@given(cut=st.integers(0, len(json.dumps(WHOLE)) - 1))
def test_a_cut_file_is_no_plan(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    path.write_text(json.dumps(WHOLE)[:cut])
    with pytest.raises(UsageError):
        load_plan(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("[]", "not a plan"),
        ("{}", "not a plan"),
        ('{"plan": 3}', "not a plan"),
        ('{"plan": {"schema": 3}}', "not a plan"),
        ('{"plan": {"schema": "eventready.plan/3"}}', "unsupported plan version"),
        ('{"plan": {"schema": "eventready.run/1"}}', "unsupported plan version"),
        ('{"plan": NaN}', "incomplete JSON"),
        ('{"plan": {}, "plan": {}}', "incomplete JSON"),
        ("[" * 100_000, "incomplete JSON"),
        ('{"plan": ' + "9" * 5000 + "}", "incomplete JSON"),
        ("\ufeff{}", "incomplete JSON"),
    ],
)
def test_other_files(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        load_plan(path)


def test_a_file_that_is_not_there_or_a_folder_or_huge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            load_plan(path)
    monkeypatch.setattr("eventready.change.document.MAX_BYTES", 100)
    write_plan(tmp_path / "plan.json", PlanFile(plan=plan()))
    with pytest.raises(UsageError, match="more than"):
        load_plan(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"waves": []}, "every device once"),
        ({"waves": [["edge-1"], ["edge-1"]]}, "every device once"),
        ({"waves": [["edge-1", "edge-9"]]}, "every device once"),
        ({"waves": [["edge-1"], []]}, "every device once"),
        ({"devices": [planned(), planned()]}, "every device once"),
        ({"devices": [planned(forward=[])]}, "forward"),
        ({"devices": [planned(forward=["a\nreload"])]}, "control characters"),
        ({"devices": [planned(backward=["a\x07"])]}, "control characters"),
        ({"devices": [planned(diff=["+ a\x1b[1A\x1b[2K"])]}, "control characters"),
        ({"devices": [planned(risks=["\u202egnihton"])]}, "control characters"),
        ({"devices": [planned(risks=[{**_RISK, "text": "a\x07"}])]}, "control characters"),
        ({"devices": [planned(risks=[{**_RISK, "params": {"line": ["a\x07"]}}])]}, "control characters"),
        ({"devices": [planned(risks=[{**_RISK, "params": {"line": _nested(50)}}])]}, "too many levels"),
        ({"devices": [planned(risks=[{**_RISK, "params": {"line": _nested(400)}}])]}, "recursion limit"),
        ({"devices": [planned(risks=[{**_RISK, "more": 1}])]}, "not a text"),
        ({"by": "An\rBình"}, "control characters"),
        ({"left_out": [{"name": "edge-3", "reason": "\x1b]0;x"}]}, "control characters"),
        ({"devices": [planned(before="A" * 64)]}, "before"),
        ({"devices": [planned(guard={"kind": "hope", "protects": "", "gap": ""})]}, "guard"),
        ({"intents": ["Reload now"]}, "intents"),
        ({"intents": []}, "intents"),
        ({"id": "../../etc"}, "id"),
        ({"approvals_needed": "0"}, "approvals_needed"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_sealed_plan_must_hold_too(values: dict[str, Any], says: str) -> None:
    content = document(**values)
    with pytest.raises(ValidationError):
        seal(content)
    forged = {**content, "sha256": plan_hash(content)}
    with pytest.raises(UsageError, match=says) as error:
        parse_plan({"plan": forged}, "plan.json")
    assert "\n" not in str(error.value)


def test_half_a_surrogate_is_altered() -> None:
    with pytest.raises(RefusedError):
        parse_plan({"plan": {**WHOLE["plan"], "by": "\ud800"}})
