"""Material to write papers of: the Trà Vinh workspace, a morning's run, clauses, a duty list and incidents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

from eventready.clock import TZ
from eventready.duty.applies import applying
from eventready.duty.carried import ChangeOnRecord
from eventready.report.document.model import Document
from eventready.report.document.profile import Profile, load_profile
from eventready.report.final import final
from eventready.report.incident import incident_report
from eventready.report.material import Clause, DutyList, DutyRow, Incident, Material, Notice, RoleCode, State, Week
from eventready.report.plan import plan
from eventready.report.roster_list import roster_list
from eventready.report.weekly import weekly
from eventready.report.words import Lang
from eventready.run import Run, Summary
from eventready.workspace.workspace import load_workspace
from tests.report.documents import broken, healthy, history

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2022, 4, 25, 7, 5, tzinfo=TZ)
#: A pangram of Vietnamese letters, with the marks of every tone.
LETTERS = (
    "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
    "AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬEÈÉẺẼẸÊỀẾỂỄỆIÌÍỈĨỊOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢUÙÚỦŨỤƯỪỨỬỮỰYỲÝỶỸỴĐ"
)


def profile(lang: Lang = "vi") -> Profile:
    return load_profile(ROOT, lang)


def material(run: Run | None = None, *, full: bool = True) -> Material:
    """The example on the Monday before the event; without `full` only what the workspace itself says."""
    workspace = load_workspace(ROOT)
    bare = Material(
        event=workspace.event,
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
        earlier=tuple(Summary.of(scene.document) for scene in history()),
        clauses=clauses(),
        duty_list=duty_list(),
        incidents=(incident(),),
        changes=changes(),
    )


def changes() -> tuple[ChangeOnRecord, ...]:
    """One change of the week before, and an emergency of Sunday night."""
    friday = ChangeOnRecord(
        id="20220422-210000-a1b2",
        intents=("load_balancing", "backup"),
        began=datetime(2022, 4, 22, 21, 0, tzinfo=TZ),
        ended=datetime(2022, 4, 22, 21, 4, tzinfo=TZ),
        standing="carried_out",
        outcomes={f"edge-{number}": "new" for number in range(12)},
        by="an.nguyen",
    )
    urgent = replace(
        friday, id="20220424-233000-c3d4", intents=("priority",), began=datetime(2022, 4, 24, 23, 30, tzinfo=TZ),
        standing="partly", outcomes={"core-1": "new", "core-2": "old", "agg-1": "untouched"},
        emergency=("INC-2204-7", "Nguyễn Văn Ước", "Trần Thị Mỹ Huyền"),
    )  # fmt: skip
    return (friday, urgent)


def clauses() -> tuple[Clause, ...]:
    states: tuple[State, ...] = get_args(State)
    reasons = ("", "còn 2 mục chưa đo được", "chưa có biên bản", "không cung cấp dịch vụ này")
    made = []
    for number, duty in enumerate(load_workspace(ROOT).duties):
        index = 3 if duty.applies_to == "postal" else number % 3
        made.append(Clause(duty, states[index], reasons[index], ("kết quả kiểm tra 25/04/2022",) if not index else ()))
    return tuple(made)


def duty_list() -> DutyList:
    roles: tuple[RoleCode, ...] = get_args(RoleCode)
    names = ("Nguyễn Văn Ước", "Trần Thị Mỹ Huyền", "Lê Hoàng Phúc", "Thạch Sa Rết", "Kim Thị Ngọc Ẩn", "Phạm Đức Kiên")
    rows = [
        DutyRow(
            role=role,
            name=names[(number + turn) % len(names)],
            title=("Phó Giám đốc", "Trưởng phòng", "Kỹ sư")[min(number, 2)],
            unit="Trung tâm Điều hành mạng",
            task=("Chỉ huy chung", "Điều hành mạng", "Trực ca", "Đội ứng cứu", "Vận hành")[number],
            time=f"{6 + 8 * turn:02d}:00 - {(14 + 8 * turn) % 24:02d}:00, từ 28/04/2022 đến 01/05/2022",
            place=("Trung tâm Hội nghị tỉnh", "NOC", "Khu di tích lịch sử Đền thờ Bác Hồ")[turn],
            phones=f"0912{number}{turn}4678",
            note="" if turn else "dự bị Covid-19",
        )
        for number, role in enumerate(roles)
        for turn in range(3)
    ]
    return DutyList(
        "2", tuple(rows), {"LD": 0, "UC": 45}, ("UC: trống 45 phút",), "thay người trực lãnh đạo ngày 30/04/2022"
    )


def incident() -> Incident:
    began = datetime(2022, 4, 20, 21, 7, tzinfo=TZ)
    return Incident(
        id="SC-2022-003",
        began=began,
        place="Khu di tích lịch sử Đền thờ Bác Hồ",
        services=("mobile", "internet"),
        summary="Đứt cáp quang giữa trạm BTS-LD-02 và edge-dt-1",
        subscribers=12500,
        cause="Xe thi công kéo đứt cáp tại km 3 đường tỉnh 915B",
        actions=(
            (began + timedelta(minutes=6), "Chuyển lưu lượng sang tuyến viba dự phòng"),
            (began + timedelta(minutes=70), "Đội ứng cứu hàn nối cáp"),
        ),
        restored=began + timedelta(minutes=95),
        notices=(
            Notice("department", "Sở Thông tin và Truyền thông tỉnh Trà Vinh", "Lê Hoàng Phúc",
                   began + timedelta(minutes=20), "điện thoại"),
            Notice("police", "Công an xã Long Đức", overdue=True),
        ),
    )  # fmt: skip


def papers(material: Material, lang: Lang = "vi") -> dict[str, Document]:
    """Every kind of paper by its name."""
    words = profile(lang)
    return {
        "weekly": weekly(material, words, lang),
        "roster": roster_list(material, words, lang),
        "incident": incident_report(incident(), material, words, lang),
        "final": final(material, words, lang),
        "plan": plan(material, words, lang),
    }
