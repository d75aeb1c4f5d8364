"""A small workspace, the command line, and the clauses to hold it against."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from eventready.clauses.deadlines import Deadline, DeadlineKind
from eventready.clauses.gather import gather
from eventready.core.clock import Clock, parse_moment
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.settings.duties import Duty, Proof
from eventready.workspace.workspace import Workspace, load_workspace
from tests.shared import called

EVENT = """\
id: le-30
name: The festival
name_vi: Lễ hội
operator: both
recipient: {name: Department, name_vi: Sở Thông tin và Truyền thông, email: desk@example.org, phone: "02943.850852"}
venues:
  - id: hall
    name: Hall
    name_vi: Hội trường
    services: [internet, mobile]
    police: {name: Police of the ward, name_vi: Công an phường, phone: "02943.000009"}
  - id: square
    name: Square
    services: [mobile]
windows:
  - {kind: event, from: 2022-04-29 19:00, to: 2022-04-29 23:00}
  - {kind: freeze, name: Freeze, from: 2022-04-26 00:00, to: 2022-05-02 00:00}
weekly_report: {day: monday, cut_off: "11:30", latest: "12:00", first: 2022-04-04, last: 2022-05-09}
duty_list_before: 2022-04-28 00:00
tests:
  - {id: audit-1, name: First audit, from: 2022-04-15 00:00, due: 2022-04-22 23:59}
  - {id: drill, name: Drill, from: 2022-04-20 00:00, due: 2022-04-25 23:59, proved_by: "1.2g"}
"""
HOSTS = "r1: {hostname: 192.0.2.1, groups: [router]}\n"
GROUPS = "router: {platform: frr, data: {role: router, venues: [hall]}}\n"
DUTIES = """\
duties:
  - {id: 1.1a, vi: Phương án, en: Plan, applies_to: telecom, owner: Kế hoạch, deadline: T-30, due: 2022-03-30 23:59,
     proof: {documents: [assurance-plan]}}
  - {id: 1.1d, vi: Số ưu tiên, en: Priority numbers, applies_to: telecom, owner: Lõi, deadline: T-14,
     due: 2022-04-29 00:00, proof: {documents: [priority-numbers, test-calls]}}
  - {id: 1.2a, vi: Đo thử, en: Measure, applies_to: telecom, owner: NOC, deadline: T-3, due: 2022-04-26 23:59,
     proof: {checks: ["*"], documents: [maintenance-minutes, line-measurements]}}
  - {id: 1.2g, vi: BTS lưu động, en: Mobile BTS, applies_to: telecom, owner: Vô tuyến, deadline: T-2,
     due: 2022-04-27 23:59, proof: {documents: [mobile-bts-commissioning]}}
  - {id: 1.3a, vi: Wifi, en: WiFi, applies_to: telecom, owner: Wifi, deadline: T-1, due: 2022-04-28 23:59,
     proof: {checks: [radio]}}
  - {id: 2.1c, vi: Lái xe, en: Drivers, applies_to: postal, owner: Đội xe, deadline: thường xuyên,
     proof: {documents: [drivers-acknowledgement]}}
  - {id: 3.a, vi: Trực lãnh đạo, en: Leaders, applies_to: all, owner: Ban Giám đốc, deadline: suốt,
     proof: {roster: [leadership]}}
  - {id: 3.g, vi: Phổ biến, en: Staff, applies_to: all, owner: Hành chính, deadline: ngay,
     proof: {documents: [staff-acknowledgement]}}
  - {id: 3.i, vi: Covid, en: Covid, applies_to: all, owner: Hành chính, deadline: thường xuyên,
     proof: {attestation: Mỗi ca trực thực hiện đủ}}
  - {id: 3.k, vi: Báo cáo sự cố, en: Incidents, applies_to: all, owner: ATTT, deadline: ngay,
     proof: {documents: [incident-report, nearest-police]}}
  - {id: 4.a, vi: Báo cáo tuần, en: Weekly report, applies_to: all, owner: Kế hoạch, deadline: thứ Hai,
     proof: {documents: [weekly-report]}}
  - {id: 4.b, vi: Danh sách trực, en: Duty list, applies_to: all, owner: Hành chính, deadline: 27/4,
     due: 2022-04-27 23:59, proof: {documents: [duty-list]}}
  - {id: 4.d, vi: Tổng hợp, en: Consolidate, applies_to: department, owner: Sở, deadline: sau,
     proof: {documents: [consolidated-report]}}
"""

EXAMPLE_FORMS = Path(__file__).parents[2] / "inventory" / "forms"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the workspace; `event="..."` replaces event.yaml and so on."""

    def write(**files: str) -> Path:
        folder = tmp_path / "event" / "inventory"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {"event": EVENT, "duties": DUTIES, "hosts": HOSTS, "groups": GROUPS, **files}.items():
            (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
        shutil.copytree(EXAMPLE_FORMS, folder / "forms", dirs_exist_ok=True)
        return folder.parent

    return write


@pytest.fixture
def folder(write: Write) -> Path:
    """The workspace's folder."""
    return write()


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    """The workspace."""
    return load_workspace(folder)


@dataclass(frozen=True)
class Output:
    """What a command left behind."""

    code: int
    out: str
    err: str


Call = Callable[..., Output]


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command on the workspace, on the event's clock."""

    def run(*arguments: str | Path, now: str = "2022-04-25 07:00") -> Output:
        return Output(*called(capsys, "-w", folder, "--now", now, "--lang", "vi", *arguments))

    return run


def moment(text: str) -> datetime:
    """A moment of the event's clock."""
    return parse_moment(text)


def deadlines_of(kind: DeadlineKind, folder: Path, now: str = "2022-04-25 07:00") -> list[Deadline]:
    """The deadlines of a kind at a time, by the records of the workspace."""
    workspace = load_workspace(folder)
    due = gather(workspace, Clock.starting(now)).deadlines(workspace, moment(now))
    return [one for one in due if one.kind == kind]


def clock(text: str = "2022-04-25 07:00") -> Clock:
    """The event's clock."""
    return Clock.starting(text)


def duty(clause: str = "9.9", *, due: str | None = None, not_applicable: str = "", **proof: Any) -> Duty:
    """A clause with the proof that is named."""
    plain = {"id": clause, "vi": "Nội dung", "en": "What", "applies_to": "all", "owner": "NOC", "deadline": "T-1"}
    more = {"due": due} if due else {}
    return Duty.model_validate({**plain, **more, "proof": Proof(**proof), "not_applicable": not_applicable})


def run_of(*statuses: str, event: str = "le-30", state: str = "finished", check: str = "cpu", **more: Any) -> Run:
    """A run with one finding per status."""
    findings = [
        {"check": check, "device": f"r{number}", "subject": "", "status": status, "duties": [], **more}
        for number, status in enumerate(statuses)
    ]
    return Run.of(
        {
            "schema": SCHEMA,
            "id": "20220425-070000-aaaa",
            "event": event,
            "state": state,
            "started": "2026-11-25T01:00:00.000+00:00",
            "finished": "2026-11-25T01:00:09.000+00:00",
            "clock": {"event": "2022-04-25T07:00:00+07:00", "rehearsal": True},
            "coverage": {"needed": 1, "measured": 1, "ratio": 1.0},
            "devices": [],
            "observations": [],
            "findings": findings,
            "verdicts": [],
        }
    )


def store_run(folder: Path, *statuses: str, now: str = "2022-04-25 06:00", **more: Any) -> str:
    """Put a run of all devices into the workspace's store; its name."""
    with Store.of_workspace(folder) as store:
        at = clock(now)
        run_id = store.begin("le-30", at)
        document = {
            **run_of(*statuses, **more).document,
            "id": run_id,
            "clock": {"event": at.now().isoformat(), "rehearsal": True},
            "devices": [{"name": d.name, "venues": d.venues} for d in load_workspace(folder).devices],
        }
        return store.finish(document).id
