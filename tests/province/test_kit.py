"""The department's kit: operators' workspaces from it, and a report of several operators under its venues."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.province.bundles.bundle import pack
from eventready.province.bundles.parts import ClauseEntry, DutiesPart, IncidentsPart, RunPart, VenueEntry
from eventready.province.overview import VenueNames
from eventready.store.database.connection import ENVIRONMENT
from eventready.workspace.examples.kit import ReportAddress, make_kit, open_kit
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey
from eventready.workspace.settings.event import load_event
from eventready.workspace.workspace import load_workspace
from tests.province.operators import alpha, key_of
from tests.shared import called

NOW = "2027-03-20 08:00"
ALPHA, BETA, GAMMA = "Viễn thông Alpha", "Bưu chính Beta", "Di động Gamma"
SQUARE, THEATRE = "quang-truong", "nha-hat"
DUTIES = """
duties:
  - {id: "1", vi: Kiểm tra mạng lưới, en: Check the network, applies_to: all, owner: Phòng Bưu chính, deadline: T-7,
     due: T-7, proof: {checks: ["*"], drills: [uplink]}}
  - {id: "2", vi: Tổng hợp báo cáo, en: Consolidate, applies_to: department, owner: Văn phòng Sở, deadline: thứ Hai,
     proof: {attestation: văn bản}}
"""
FORM = "title: {vi: Khảo sát cáp, en: Cable survey}\nkey: [route]\nfields:\n  route: {vi: Tuyến cáp, en: route}\n"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    return partial(called, capsys, "--now", NOW)


@pytest.fixture
def department(call: Call, tmp_path: Path) -> Path:
    folder = tmp_path / "department"
    answers = {
        "--event": "Lễ hội Hoa",
        "--province": "Lâm Đồng",
        "--opening": "26/03/2027 19:30",
        "--enterprise": "Sở Khoa học và Công nghệ Lâm Đồng",
        "--recipient": "Ủy ban nhân dân tỉnh Lâm Đồng",
    }
    venues = (f"--venue={SQUARE}=Quảng trường Lâm Viên:mobile,wifi", f"--venue={THEATRE}=Nhà hát:internet")
    assert call("init", str(folder), *(word for pair in answers.items() for word in pair), *venues)[0] == 0
    (folder / "inventory" / "duties.yaml").write_text(DUTIES, encoding="utf-8")
    for part, text in (("forms/cable-survey", FORM), ("drills/uplink", "")):
        (folder / "inventory" / part).with_suffix(".yaml").parent.mkdir(exist_ok=True)
        (folder / "inventory" / part).with_suffix(".yaml").write_text(text, encoding="utf-8")
    assert call("-w", str(folder), "department", "keygen")[0] == 0
    return folder


@pytest.fixture
def kit(call: Call, department: Path, tmp_path: Path) -> tuple[Path, str]:
    """File of the department's kit, and its fingerprint."""
    path = tmp_path / "kit.json"
    made = ("-o", "json", "department", "kit", "--out", str(path), "--recipient-email", "bc@lamdong.example")
    code, out, _ = call("-w", str(department), *made)
    assert (code, json.loads(out)["without_drills"]) == (0, ["1"])
    return path, json.loads(out)["key"]


def operator(call: Call, kit: tuple[Path, str], folder: Path, enterprise: str = ALPHA, kind: str = "telecom") -> Path:
    path, fingerprint = kit
    made = ("init", str(folder), "--from", str(path), "--fingerprint", fingerprint.upper().replace(":", " "))
    code, _, err = call(*made, "--enterprise", enterprise, "--operator", kind)
    assert code == 0, err
    return folder


def bundled(folder: Path, names: dict[str, str], key: PrivateKey) -> bytes:
    """Bundle of an operator with a kit's workspace; the venues of the invented audit under other names."""
    workspace = load_workspace(folder)
    clock = Clock.starting(NOW)
    run = alpha(clock.now())["run"]
    assert isinstance(run, RunPart)
    renamed = replace(
        run,
        venues=tuple(VenueEntry(id=name, name=name) for name in names.values()),
        verdicts=tuple(replace(one, venue=names[one.venue]) for one in run.verdicts),
    )
    parts = alpha(clock.now()) | {"run": renamed}
    parts["incidents"] = IncidentsPart()
    parts["duties"] = DutiesPart(tuple(ClauseEntry(d.id, d.vi, "done", d.en) for d in workspace.duties))
    return pack(parts, workspace.event.id, key, clock)


def test_an_operator_has_the_event_of_the_department_and_its_own_letterhead(
    call: Call, department: Path, kit: tuple[Path, str], tmp_path: Path
) -> None:
    folder = operator(call, kit, tmp_path / "alpha")
    theirs, own = load_workspace(department), load_workspace(folder)
    shared = ("id", "name_vi", "province", "windows", "weekly_report", "duty_list_before", "tests", "notice_limits")
    assert [getattr(own.event, name) for name in shared] == [getattr(theirs.event, name) for name in shared]
    assert own.event.venues == theirs.event.venues
    assert (own.event.recipient.name, own.event.recipient.email) == (theirs.event.enterprise, "bc@lamdong.example")
    assert own.event.enterprise == ALPHA
    assert [(duty.id, duty.vi, duty.owner) for duty in own.duties] == [
        ("1", "Kiểm tra mạng lưới", ALPHA), ("2", "Tổng hợp báo cáo", "Văn phòng Sở")
    ]  # fmt: skip
    assert own.duties[0].proof.drills == ()
    assert own.forms.keys() == theirs.forms.keys()
    assert call("-w", str(folder), "department", "keygen")[0] == 0
    assert call("-w", str(folder), "department", "bundle", "--rehearsal", "--out", str(tmp_path / "alpha.evr"))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "the fingerprint of the department is needed"),
        (("--fingerprint", "1234:" * 8), 7, "the kit is signed with another key"),
        (("--fingerprint", "64ea"), 2, "the fingerprint is too short: 4 of 32 characters"),
        (("--fingerprint", "{key}", "--enterprise", "A", "--example"), 2, "--example cannot be given with --from"),
        (("--fingerprint", "{key}"), 2, "needs the name of its enterprise"),
        (("--fingerprint", "{key}", "--enterprise", "A", "--venue", "x=y"), 2, "--venue cannot be given with --from"),
    ],
)
def test_a_kit_needs_the_departments_word(
    call: Call, kit: tuple[Path, str], tmp_path: Path, *, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    path, key = kit
    given_words = [word.format(key=key) for word in arguments]
    left, _, err = call("init", str(tmp_path / "new"), "--from", str(path), *given_words)
    assert (left, sentence in err) == (code, True), err
    assert not (tmp_path / "new").exists()


@given(st.data())
def test_no_altered_kit_is_opened(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any other byte is either refused or changes nothing that the signature covers."""
    whole, key = _example_kit(tmp_path_factory)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "altered.json"
    path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
    try:
        opened = open_kit(path, key.id)
    except (UsageError, RefusedError):
        return
    assert json.loads(whole)["event"] == opened.event


def _example_kit(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, PublicKey]:
    if not _KITS:
        folder = tmp_path_factory.mktemp("department")
        with pytest.raises(SystemExit):
            main(["init", str(folder / "d"), "--event", "e", "--province", "p", "--opening", "2027-03-26 19:30",
                  "--venue", "hall=Hall"])  # fmt: skip
        signer = key_of("Department")
        data, _ = make_kit(folder / "d", ReportAddress("Department", "d@example.vn"), signer, Clock.starting(NOW))
        _KITS.append((data, signer.public))
    return _KITS[0]


_KITS: list[tuple[bytes, PublicKey]] = []


@pytest.mark.attack(family="kits")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"forms": {"../../escape": {}}}, "the kit has a form with the name"),
        ({"event": {"id": "x"}}, "makes no valid workspace"),
        ({"duties": {"duties": 3}}, "this is no kit|makes no valid workspace"),
        ({"forms": {"a": {"title": {"vi": "{{ x }}", "en": "y"}, "fields": 3}}}, "makes no valid workspace"),
        ({"event": []}, "this is no kit|makes no valid workspace"),
        ({"event": {"name": "Festival \u202etxet"}}, "the text 'Festival \\u202etxet' has control"),
        ({"duties": {"duties": [{"\x1b[2J": 1}]}}, "the text '\\u001b[2J' has control"),
        ({"key": {"schema": "eventready.key/1"}}, "the key in the kit is damaged. Get the kit from the department"),
    ],
)
def test_a_hostile_kit_writes_nothing(
    call: Call, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, change: dict[str, Any], sentence: str
) -> None:
    """Signed by the department itself: the content is bounded all the same."""
    whole, _ = _example_kit(tmp_path_factory)
    signer = key_of("Department")
    refused(call, tmp_path, signer, json.loads(whole) | {"key": signer.public.to_dict()} | change, sentence)


@pytest.mark.attack(family="kits")
@pytest.mark.parametrize(
    ("place", "entry"),
    [
        pytest.param("event.changes", {"approval": "none"}, id="changes without approval"),
        pytest.param("event.mail", {"sender": "a@b.vn", "contact": {"email": "spy@x.vn"}}, id="a mail address"),
        pytest.param("event.schedule", {}, id="schedule"),
        pytest.param("event.lab", True, id="plain passwords"),
        pytest.param("event.prepared", "2027-03-20 08:00", id="a preparation"),
        pytest.param("event.venues.0.answers", {"internet": [{"ping": "spy.example"}]}, id="answers of another host"),
        pytest.param("event.windows.0.venue", "hall", id="unknown key of a window"),
        pytest.param("event.windows.0.kind: drill", None, id="a window of drills"),
        pytest.param("event.windows.0.kind: other", None, id="a window of an unknown kind"),
        pytest.param("event.recipient.copy", "spy@x.vn", id="a second recipient"),
        pytest.param("duties.duties.0.owner", "A", id="an owner"),
        pytest.param("duties.duties.0.not_applicable", "no reason", id="a clause switched off"),
        pytest.param("duties.duties.0.proof.drills", ["uplink"], id="a drill"),
    ],
)
def test_a_kit_brings_nothing_but_what_its_maker_writes(
    call: Call, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, place: str, entry: object
) -> None:
    whole, _ = _example_kit(tmp_path_factory)
    signer = key_of("Department")
    content = json.loads(whole) | {"key": signer.public.to_dict()}
    *path, last = place.split(".")
    inner = content
    for name in path:
        inner = inner[int(name) if isinstance(inner, list) else name]
    last, _, value = last.partition(": ")
    inner[last] = value or entry
    shown = re.sub(r"\.\d+|duties\.(?=duties)", "", place)
    refused(call, tmp_path, signer, content, f"the kit has '{shown}', a setting of an operator's own workspace")


def refused(call: Call, tmp_path: Path, signer: PrivateKey, content: dict[str, Any], sentence: str) -> None:
    """Sign the content of a kit as the department, and see it refused without a file written."""
    del content["signature"]
    signed = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    content["signature"] = base64.b64encode(signer.sign(signed)).decode()
    (tmp_path / "kit.json").write_text(json.dumps(content), encoding="utf-8")
    made = ("init", str(tmp_path / "new"), "--from", str(tmp_path / "kit.json"), "--fingerprint", signer.public.id)
    code, _, err = call(*made, "--enterprise", "A")
    assert code in (2, 7)
    assert any(part in err for part in sentence.split("|")), err
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "escape.yaml").exists()


@pytest.mark.slow
def test_three_operators_of_a_kit_are_one_report(
    call: Call, department: Path, kit: tuple[Path, str], tmp_path: Path
) -> None:
    """Each operator stands where it reported; a venue of another name is refused, then mapped; none is left out."""
    keys, signers = tmp_path / "keys", {name: key_of(name) for name in (ALPHA, BETA, GAMMA)}
    keys.mkdir()
    for number, signer in enumerate(signers.values()):
        (keys / f"{number}.key.json").write_text(json.dumps(signer.public.to_dict()), encoding="utf-8")
    files: dict[str, Path] = {}
    for name, venues in (
        (ALPHA, {"hoi-nghi": SQUARE, "den-tho": THEATRE}),
        (GAMMA, {"hoi-nghi": "main-square", "den-tho": "depot"}),
    ):
        folder = operator(call, kit, tmp_path / name.replace(" ", "-"), name)
        files[name] = tmp_path / f"{len(files)}.evr"
        files[name].write_bytes(bundled(folder, venues, signers[name]))
    consolidate = (
        "-w",
        str(department),
        "department",
        "consolidate",
        *map(str, files.values()),
        "--rehearsal",
        "--keys",
        str(keys),
    )
    out = ("--out", str(tmp_path / "out"), "--format", "md")
    code, _, err = call(*consolidate, *out)
    assert code == 7
    assert f"{GAMMA} reports venues that the event of the department does not have: main-square, depot" in err
    mapping = tmp_path / "venues.yaml"
    mapping.write_text(f"venues: {{{GAMMA}: {{main-square: plaza}}}}", encoding="utf-8")
    code, _, err = call(*consolidate, *out, "--venues", str(mapping))
    assert (code, "plaza" in err, "venues.yaml:1" in err) == (2, True, True)
    mapping.write_text(f"venues:\n  Di động Gama: {{main-square: {SQUARE}}}", encoding="utf-8")
    code, _, err = call(*consolidate, *out, "--venues", str(mapping))
    sentence = f"venues.yaml:2: no published key is of the operator 'Di động Gama'. Did you mean '{GAMMA}'?"
    assert (code, sentence in err) == (2, True), err
    names = f"{{main-square: {SQUARE}, depot: null,\n depott: null}}"
    mapping.write_text(f"venues: {{{GAMMA}: {names}}}", encoding="utf-8")
    code, _, err = call(*consolidate, *out, "--venues", str(mapping))
    notice = f"{mapping}:2: the report of {GAMMA} has no venue 'depott'. Did you mean 'depot'?\n"
    assert (code, err) == (0, f"{notice}2 operators consolidated, 0 refused. No bundle from: {BETA}.\n")
    text = (next((tmp_path / "out").glob("*.md"))).read_text(encoding="utf-8").replace("\\", "").replace("\u00a0", " ")
    bad = f"Chưa sẵn sàng: {GAMMA} (Wi-Fi), {ALPHA} (Wi-Fi)"
    assert f"Quảng trường Lâm Viên: CHƯA SẴN SÀNG. {bad}; Chưa có báo cáo: {BETA}." in text, text
    assert f"Nhà hát: CHƯA ĐO ĐƯỢC. Chưa có báo cáo: {BETA}; Không cung cấp: {GAMMA}, {ALPHA}." in text
    assert "| 1 | Kiểm tra mạng lưới | Đạt | Đạt |" in text


def test_a_clause_with_another_text_has_no_state(
    call: Call, department: Path, kit: tuple[Path, str], tmp_path: Path
) -> None:
    folder, signer = operator(call, kit, tmp_path / "alpha"), key_of(ALPHA)
    duties = folder / "inventory" / "duties.yaml"
    duties.write_text(duties.read_text(encoding="utf-8").replace("Kiểm tra mạng lưới", "Việc khác"), encoding="utf-8")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.key.json").write_text(json.dumps(signer.public.to_dict()), encoding="utf-8")
    path = tmp_path / "a.evr"
    path.write_bytes(bundled(folder, {"hoi-nghi": SQUARE, "den-tho": THEATRE}, signer))
    made = (
        "department",
        "consolidate",
        str(path),
        "--rehearsal",
        "--keys",
        str(tmp_path / "keys"),
        "--out",
        str(tmp_path / "out"),
    )
    assert call("-w", str(department), *made, "--format", "md")[0] == 0
    text = next((tmp_path / "out").glob("*.md")).read_text(encoding="utf-8")
    assert "| 1 | Kiểm tra mạng lưới | Nội dung khác |" in text


@pytest.mark.parametrize("address", ["not an address", "a@b.vn\nBcc: x@y.vn", "a@b.vn\n", "a@b"])
def test_the_address_of_a_kit_is_the_address_of_event_yaml(
    call: Call, department: Path, tmp_path: Path, address: str
) -> None:
    made = ("department", "kit", "--out", str(tmp_path / "kit.json"), "--recipient-email", address)
    code, _, err = call("-w", str(department), *made)
    assert (code, "is not an e-mail address" in err, (tmp_path / "kit.json").exists()) == (2, True, False), err


@pytest.mark.parametrize("character", ["\\u202e", "\\e", "\\x9b"])
def test_hidden_characters_make_no_kit(call: Call, department: Path, tmp_path: Path, character: str) -> None:
    event = department / "inventory" / "event.yaml"
    text = event.read_text(encoding="utf-8")
    event.write_text(text.replace("Nhà hát", f"Nhà {character}hát", 1), encoding="utf-8")
    made = ("department", "kit", "--out", str(tmp_path / "kit.json"), "--recipient-email", "a@b.vn")
    code, _, err = call("-w", str(department), *made)
    assert (code, "has control or bidirectional characters" in err) == (2, True), err
    assert not (tmp_path / "kit.json").exists()


def test_a_bundle_has_the_name_published_with_its_key(
    call: Call, kit: tuple[Path, str], department: Path, tmp_path: Path
) -> None:
    folder = operator(call, kit, tmp_path / "alpha")
    own = ("-w", str(folder), "department", "bundle")
    assert call(*own[:-1], "keygen", "--operator", "VNPT X")[0] == 0
    written = (*own, "--rehearsal", "--out", str(tmp_path / "a.evr"))
    assert call(*written)[0] == 0
    published = ("--keys", str(folder / ".eventready" / "keys"), "--rehearsal", "--out", str(tmp_path / "out"))
    made = (
        "-w",
        str(department),
        "-o",
        "json",
        "department",
        "consolidate",
        str(tmp_path / "a.evr"),
        *published,
        "--format",
        "md",
    )
    code, out, err = call(*made)
    assert (code, json.loads(out)["operators"]) == (0, ["VNPT X"]), err
    code, _, err = call(*written, "--operator", ALPHA)
    assert (code, f"published for 'VNPT X', not for '{ALPHA}'" in err) == (2, True), err


def test_a_key_that_is_no_text_is_named(call: Call, department: Path, tmp_path: Path) -> None:
    (tmp_path / "venues.yaml").write_text(f"venues:\n  {ALPHA}:\n    12: {SQUARE}\n", encoding="utf-8")
    event = load_event(department / "inventory" / "event.yaml")
    with pytest.raises(EventreadyError, match=r"venues.yaml:3: the key 12 must be text, not 12. Put it in quotes"):
        VenueNames.load(event, tmp_path / "venues.yaml", {ALPHA})


def test_an_event_without_hours_and_a_clause_of_drills_alone_make_no_kit(department: Path) -> None:
    signer, clock = key_of("Department"), Clock.starting(NOW)
    recipient = ReportAddress("Department", "d@example.vn")
    duties = department / "inventory" / "duties.yaml"
    duties.write_text(DUTIES.replace('checks: ["*"], ', ""), encoding="utf-8")
    with pytest.raises(EventreadyError, match="clause 1 is proved by drills alone"):
        make_kit(department, recipient, signer, clock)
    event = department / "inventory" / "event.yaml"
    event.write_text(event.read_text(encoding="utf-8").replace("kind: event", "kind: drill"), encoding="utf-8")
    duties.unlink()
    with pytest.raises(EventreadyError, match="no window of kind `event`"):
        make_kit(department, recipient, signer, clock)
