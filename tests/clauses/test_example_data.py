"""Data of the shipped example: no evidence until edited, listed by doctor, and a bar to papers and bundles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from eventready.clauses.attesting import AttestationRequest, attest
from eventready.clauses.event_record import EventRecord
from eventready.clauses.example_data import example_data, workspace_data
from eventready.clauses.gather import gather
from eventready.clauses.proof import ClauseState
from eventready.cli.main import main
from eventready.core.clock import Clock, parse_moment
from eventready.core.errors import Exit
from eventready.store.store import Store
from eventready.workspace.examples.example import copy_example
from eventready.workspace.examples.new_workspace import NewEvent, NewVenue, write_workspace
from eventready.workspace.workspace import load_workspace
from tests.zones import TZ

pytestmark = pytest.mark.slow

MOMENT = parse_moment("2022-04-25 07:00")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A fresh copy of the example."""
    copy_example(tmp_path / "event")
    return tmp_path / "event"


@pytest.fixture
def run(example: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the copy with the real clock: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main(["-w", str(example), "--lang", "en", *arguments])
        printed = capfd.readouterr()
        return (left.value.code if isinstance(left.value.code, int) else 0), printed.out, printed.err

    return call


def record_of(folder: Path, *, rehearsal: bool = False) -> EventRecord:
    return gather(load_workspace(folder), Clock(marked=rehearsal))


def clause(folder: Path, name: str, *, rehearsal: bool = False) -> ClauseState:
    states = record_of(folder, rehearsal=rehearsal).clauses(load_workspace(folder), MOMENT)
    return next(state for state in states if state.duty.id == name)


def replace_people(folder: Path) -> None:
    """Give each person of the roster another telephone number."""
    path = folder / "inventory" / "roster.xlsx"
    workbook = openpyxl.load_workbook(path)
    sheet = workbook.worksheets[0]
    for row in range(5, sheet.max_row + 1):
        if sheet.cell(row, 7).value:
            sheet.cell(row, 7).value = f"0912 345 {row:03d} / 02943 850 {row:03d}"
    workbook.save(path)


def edit(folder: Path, *pairs: tuple[str, str]) -> None:
    path = folder / "inventory" / "event.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_all_data_of_the_shipped_example_are_known(example: Path) -> None:
    unknown = [f"{datum.kind} {datum.name.en}: {datum.digest}" for datum in workspace_data(load_workspace(example))
               if not datum.is_example]  # fmt: skip
    assert not unknown, "append these hashes to src/eventready/workspace/examples/example_data.txt"


def test_a_fresh_workspace_has_no_clause_done_and_no_roster(example: Path) -> None:
    workspace, record = load_workspace(example), record_of(example)
    assert record.roster is None
    assert [state.duty.id for state in record.clauses(workspace, MOMENT) if state.state == "done"] == []
    rehearsed = record_of(example, rehearsal=True)
    assert rehearsed.roster is not None
    assert "3.a" in [state.duty.id for state in rehearsed.clauses(workspace, MOMENT) if state.state == "done"]


def test_an_edited_roster_and_confirmed_owners_are_evidence(example: Path) -> None:
    replace_people(example)
    assert record_of(example).roster is not None
    assert clause(example, "3.a").state == "in_progress"
    edit(example, ("operator: both", "operator: both\nowners_confirmed: true"))
    assert clause(example, "3.a").state == "done"


def test_an_attestation_by_a_person_of_the_example_is_no_evidence(example: Path) -> None:
    edit(example, ("operator: both", "operator: both\nowners_confirmed: true"))
    workspace = load_workspace(example)
    with Store.of_workspace(example) as store:
        for name in ("Lâm Quốc Hưng", "Trần Văn Bình"):
            attest(
                AttestationRequest("1.1a", by=name, note="x", files=(example / "inventory" / "hosts.yaml",)),
                workspace,
                store,
                Clock(),
            )
    assert [one.by for one in record_of(example).attestations] == ["Trần Văn Bình"]
    replace_people(example)
    assert len(record_of(example).attestations) == 2


def test_doctor_lists_the_data_by_kind(run: Run, example: Path) -> None:
    _, out, _ = run("doctor")
    for words in ("3 police stations", "people of the roster: Lâm Quốc Hưng", "owners of ", "1 contact person"):
        assert words in out
    replace_people(example)
    assert "of the roster" not in run("doctor")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "weekly", "--format", "json"),
        ("report", "roster", "--format", "json"),
        ("report", "final", "--draft", "--format", "json"),
        ("report", "plan", "--format", "json"),
        ("roster", "export"),
        ("department", "bundle", "--out", "a.evr"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_paper_with_data_of_the_example_needs_the_mark_of_a_rehearsal(
    run: Run, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("department", "keygen")[0] == Exit.OK
    code, _, err = run(*arguments)
    assert (code, "data of the example" in err, "--rehearsal" in err) == (Exit.REFUSED, True, True)
    assert run(*arguments, "--rehearsal")[0] == Exit.OK


def test_the_marked_papers_say_rehearsal(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert run("report", "weekly", "--rehearsal", "--format", "md", "--lang", "vi", "--out", out)[0] == Exit.OK
    (paper,) = (tmp_path / "out").glob("*.md")
    assert "DIỄN TẬP" in paper.read_text(encoding="utf-8")
    assert run("roster", "export", "--format", "xlsx", "--rehearsal", "--out", out)[0] == Exit.OK
    (workbook,) = (tmp_path / "out").glob("*.xlsx")
    assert "DIỄN TẬP" in str(openpyxl.load_workbook(workbook).worksheets[0].cell(1, 1).value)


def test_placeholders_of_a_new_event_are_known_until_edited(tmp_path: Path) -> None:
    opening = datetime(2031, 10, 18, 18, 0, tzinfo=TZ)
    venues = (NewVenue("hall", "Hall"),)
    new = NewEvent("Fair", "Sóc Trăng", opening, opening + timedelta(hours=5), venues)
    write_workspace(tmp_path / "new", new)
    kinds = [datum.kind for datum in example_data(load_workspace(tmp_path / "new"))]
    assert kinds == ["enterprise", "recipient", *["owner"] * 4]
    write_workspace(tmp_path / "own", replace(new, enterprise="Viễn thông", recipient_email="a@soctrang.example"))
    assert example_data(load_workspace(tmp_path / "own")) == ()
