"""Material to write papers of: the Trà Vinh workspace, a morning's run, clauses, a duty list and incidents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args

from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.deadlines import applying
from eventready.clauses.proof import ClauseState, Evidence, State
from eventready.core.messages import Bilingual, Lang
from eventready.drill.record import DrillRun
from eventready.drill.spec import Drill
from eventready.drill.steps import Closed, Opened, Outcome, Prechecked, Prepared, ProbeResult, ProbesMeasured
from eventready.incidents.incident import Action, Incident, Notice
from eventready.papers.document.model import Document
from eventready.papers.document.profile import Profile, load_profile
from eventready.papers.document.registry import PAPERS
from eventready.papers.material.material import AttestedForm, DutyList, DutyPerson, Material, Week
from eventready.roster.exports.table import Row
from eventready.roster.roster import ROLES
from eventready.store.run import Run, Summary
from eventready.store.streams.journal import JournalEntry
from eventready.workspace.settings.event import Event, Police
from tests.papers.documents import broken, healthy, history
from tests.shared import example
from tests.zones import TZ

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2022, 4, 25, 7, 5, tzinfo=TZ)
#: A pangram of Vietnamese letters, with the marks of every tone.
LETTERS = (
    "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
    "AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬEÈÉẺẼẸÊỀẾỂỄỆIÌÍỈĨỊOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢUÙÚỦŨỤƯỪỨỬỮỰYỲÝỶỸỴĐ"
)


def profile(lang: Lang = "vi") -> Profile:
    return load_profile(ROOT, lang)


def material(run: Run | None = None, *, full: bool = True, lang: Lang = "vi") -> Material:
    """The example on the Monday before the event; without `full` only what the workspace itself says."""
    workspace = example()
    bare = Material(
        event=with_police(workspace.event),
        moment=MONDAY,
        week=Week.at(MONDAY),
        devices=workspace.devices,
        duties=applying(workspace.duties, workspace.event.operator),
    )
    if not full:
        return replace(bare, run=run)
    return replace(
        bare,
        run=run or broken().run,
        baseline=healthy("20220418-070000-0001").run,
        earlier=tuple(Summary.of(scene.run) for scene in history()),
        clauses=clauses(),
        duty_list=duty_list(lang),
        incidents=(incident(),),
        changes=changes(),
        forms=forms(),
    )


def changes() -> tuple[ChangeOnRecord, ...]:
    """One change of the week before, and an emergency of Sunday night."""
    friday = ChangeOnRecord(
        id="20220422-210000-a1b2",
        intents=("load_balancing", "backup"),
        began=datetime(2022, 4, 22, 21, 0, tzinfo=TZ),
        ended=datetime(2022, 4, 22, 21, 4, tzinfo=TZ),
        status="applied",
        states={f"edge-{number}": "with_change" for number in range(12)},
        by="an.nguyen",
    )
    urgent = replace(
        friday, id="20220424-233000-c3d4", intents=("priority",), began=datetime(2022, 4, 24, 23, 30, tzinfo=TZ),
        status="partly", states={"core-1": "with_change", "core-2": "as_before", "agg-1": "as_before"},
        emergency=("INC-2204-7", "Nguyễn Văn Ước", "Trần Thị Mỹ Huyền"),
    )  # fmt: skip
    return (friday, urgent)


def clauses() -> tuple[ClauseState, ...]:
    states: tuple[State, ...] = get_args(State)
    reasons = (
        Bilingual("", ""),
        Bilingual("còn 2 mục chưa đo được", "2 items are not measured"),
        Bilingual("chưa có biên bản", "the minutes are missing"),
        Bilingual("không cung cấp dịch vụ này", "this service is not provided"),
    )
    proof = Evidence("check", "", Bilingual("kết quả kiểm tra 25/04/2022", "the audit of 25 Apr 2022"))
    made = []
    for number, duty in enumerate(example().duties):
        index = 3 if duty.applies_to == "postal" else number % 3
        reason = reasons[index]
        missing = (reason,) if index in (1, 2) else ()
        made.append(ClauseState(duty, states[index], reason, () if index else (proof,), missing))
    return tuple(made)


def duty_list(lang: Lang = "vi") -> DutyList:
    def word(vi: str, en: str) -> str:
        return vi if lang == "vi" else en

    names = ("Nguyễn Văn Ước", "Trần Thị Mỹ Huyền", "Lê Hoàng Phúc", "Thạch Sa Rết", "Kim Thị Ngọc Ẩn", "Phạm Đức Kiên")
    days = tuple(date(2022, 4, 28) + timedelta(days=day) for day in range(4))
    rows = tuple(
        Row(
            number=str(3 * number + turn + 1),
            person=names[(number + turn) % len(names)],
            role=role,
            name=names[(number + turn) % len(names)],
            title=("Phó Giám đốc", "Trưởng phòng", "Kỹ sư")[min(number, 2)],
            unit="Trung tâm Điều hành mạng",
            task=word("Trực", "On duty") + f" {number}",
            time=f"{6 + 8 * turn:02d}:00 - {(14 + 8 * turn) % 24:02d}:00, 28/04/2022 - 01/05/2022",
            place=("Trung tâm Hội nghị tỉnh", "NOC", "Khu di tích lịch sử Đền thờ Bác Hồ")[turn],
            phones=f"0912{number}{turn}4678",
            note="" if turn else word("dự bị", "stand-in"),
        )
        for number, role in enumerate(ROLES)
        for turn in range(3)
    )
    people = tuple(
        DutyPerson(
            name, "Kỹ sư", "Trung tâm Điều hành mạng", f"09120{number}4678",
            {day: (("LD", "CA-C1", "CA-C2", "UC*", "VH", "DH")[(number + turn) % 6],) for turn, day in enumerate(days)},
        )
        for number, name in enumerate(names)
    )  # fmt: skip
    return DutyList(
        version="2",
        rows=rows,
        people=people,
        days=days,
        legend=(
            ("LD", word("Trực lãnh đạo", "leader on duty")),
            ("C1", "06:00-14:00"),
            ("*", word("sẵn sàng tại nhà", "on call at home")),
        ),
        gaps={"LD": 0, "UC": 45},
        broken=(word("UC: trống 45 phút", "UC: 45 minutes without anybody"),),
        since=word("thay người trực lãnh đạo ngày 30/04/2022", "another leader on 30 Apr 2022"),
    )


def with_police(event: Event) -> Event:
    """The event, with an address of the police station near the incident."""
    station = Police(name="Công an xã Long Đức", email="congan.longduc@example.vn")
    venues = (v.model_copy(update={"police": station}) if v.id == "den-tho" else v for v in event.venues)
    return event.model_copy(update={"venues": tuple(venues)})


def incident() -> Incident:
    began = datetime(2022, 4, 20, 21, 7, tzinfo=TZ)
    noticed = began + timedelta(minutes=3)
    return Incident(
        id="SC-2022-003",
        began=began,
        noticed=noticed,
        venue="den-tho",
        place="Khu di tích lịch sử Đền thờ Bác Hồ",
        services=("mobile", "internet"),
        kind="outage",
        summary="Đứt cáp quang giữa trạm BTS-LD-02 và edge-dt-1",
        by="Lê Hoàng Phúc",
        subscribers=12500,
        cause="Xe thi công kéo đứt cáp tại km 3 đường tỉnh 915B",
        actions=(
            Action(began + timedelta(minutes=6), "Lê Hoàng Phúc", "Chuyển lưu lượng sang tuyến viba dự phòng"),
            Action(began + timedelta(minutes=70), "Lê Hoàng Phúc", "Đội ứng cứu hàn nối cáp"),
        ),
        restored=began + timedelta(minutes=95),
        notices=(Notice("department", "Lê Văn Bảy", "Lê Hoàng Phúc", noticed + timedelta(minutes=42), "phone"),),
    )


def drills() -> tuple[DrillRun, ...]:
    """Two runs of one drill, before and after a change."""
    drill = Drill.model_validate(
        {
            "title": {"en": "Loss of an uplink", "vi": "Mất đường lên nhà cung cấp"},
            "why": {"en": "A cut fibre", "vi": "Đứt cáp quang"},
            "break": [{"device": "core-1", "fault": "link-down"}],
            "probes": [{"kind": "icmp", "name": "flow", "name_vi": "luồng", "target": "internet", "outage_ms": 300}],
            "predicted_by": ["backup_route"],
        }
    )
    moment = datetime(2022, 4, 20, 9, 0, tzinfo=TZ)
    runs = []
    for number, (value, changes, outcome) in enumerate(_DRILLS, 1):
        steps = (
            Opened("", drill, moment, by="Nguyễn Văn A", target="", network="real", rehearsal=True),
            Prechecked("r-1", prepared=Prepared(changes)),
            ProbesMeasured((ProbeResult("flow", "icmp", value, 300.0, "ms", 20.0, 500, 14),), (), moment),
            Closed(outcome),
        )
        key, at = f"DT-20220420-{number:02d}", moment.isoformat()
        entries = (JournalEntry("drill", position, key, at, step, "") for position, step in enumerate(steps))
        runs.append(DrillRun(key, steps[0], tuple(entries)))
    return tuple(runs)


_DRILLS: tuple[tuple[float | None, tuple[str, ...], Outcome], ...] = ((None, (), "failed"), (268.0, ("c-1",), "passed"))


def forms() -> dict[str, AttestedForm]:
    """Attested circuits, stock and mobile base stations."""
    at = datetime(2022, 4, 14, 9, 0, tzinfo=TZ)
    circuits = (
        {"service": "fixed", "name": "Luồng E1", "required": 60, "available": 90, "unit": "kênh"},
        {"service": "internet", "name": "Kênh thuê riêng", "required": 2000, "available": 4000, "unit": "Mbit/s",
         "added": 2000},
        {"service": "mobile", "name": "Kênh thoại", "required": 400, "available": 380, "unit": "kênh"},
    )  # fmt: skip
    stock = ({"kind": "generator", "name": "Máy phát 30 kVA", "quantity": 2, "minimum": 2, "unit": "máy",
              "place": "Kho Trà Vinh", "keeper": "Phòng Vật tư"},)  # fmt: skip
    stations = ({"id": "BTS-LD-02", "venue": "den-tho", "technology": ["2G", "4G"], "backhaul": "viba",
                 "power": "máy phát", "on_air": "2022-04-26T08:00:00+07:00"},)  # fmt: skip
    return {
        "circuit-table": AttestedForm(at, circuits),
        "stock-list": AttestedForm(at, stock),
        "mobile-bts-commissioning": AttestedForm(at, stations),
    }


def papers(material: Material, lang: Lang = "vi") -> dict[str, Document]:
    """Every kind of paper by its name."""
    of = {"incident": replace(material, incidents=(incident(),)), "drill": replace(material, drills=drills())}
    values: dict[str, dict[str, object]] = {"incident": {"incident": "latest"}, "final": {"draft": True}}
    return {
        name: kind.write(of.get(name, material), profile(lang), lang, **values.get(name, {}))
        for name, kind in PAPERS.items()
    }
