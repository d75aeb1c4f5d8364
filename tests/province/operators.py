"""Two operators with their keys and bundles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eventready.core.clock import Clock, parse_moment
from eventready.province.bundles.bundle import BundlePolicy, Position, pack
from eventready.province.bundles.parts import (
    BundlePart,
    ClauseEntry,
    DutiesPart,
    FindingEntry,
    IncidentEntry,
    IncidentsPart,
    PartName,
    RosterPart,
    RunPart,
    State,
    VenueEntry,
    VerdictEntry,
)
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey

EVENT = "tra-vinh-30"
ALPHA, BETA = "Viễn thông Alpha Trà Vinh", "Bưu chính R&D <x> ẵ"
VENUES = (
    VenueEntry(id="hoi-nghi", name="Provincial Conference Centre", name_vi="Trung tâm Hội nghị tỉnh"),
    VenueEntry(id="den-tho", name="Temple", name_vi="Khu di tích lịch sử Đền thờ Bác Hồ"),
)


def key_of(operator: str) -> PrivateKey:
    secret = Ed25519PrivateKey.generate()
    return PrivateKey(PublicKey(operator, secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), secret)


def clause(name: str, state: State, *, late: bool = False) -> ClauseEntry:
    return ClauseEntry(
        clause=name, vi=f"[nhiệm vụ] Wifi {name}", en=f"Duty {name}", owner="Phòng Kỹ thuật", state=state, late=late
    )


def alpha(moment: datetime) -> dict[PartName, BundlePart]:
    """A telecom operator with an audit, failures, an open incident and a gap in its roster."""
    return {
        "run": RunPart(
            present=True, id="20220425-060000-a1b2", event_vi="Lễ kỷ niệm 30 năm", event_en="Event",
            moment=moment, sha256="0" * 64, needed=200, measured=199, devices=16, reached=15,
            seen=40, uncovered=7, unseen_devices=2,
            counts={"pass": 100, "fail": 2, "warn": 3, "not_measured": 4}, venues=VENUES,
            verdicts=(
                VerdictEntry(venue="hoi-nghi", service="wifi", verdict="NOT_READY"),
                VerdictEntry(venue="hoi-nghi", service="internet", verdict="READY"),
                VerdictEntry(venue="den-tho", service="mobile", verdict="NOT_MEASURED"),
            ),
            findings=(
                FindingEntry(check="ports", device="edge-hn-1", status="fail", message="R&D <x> gọi 0912345678 ngay"),
                FindingEntry(check="ports", device="edge-hn-2", status="not_measured", message="no answer"),
            ),
            unconfirmed={"huawei_enb": ["board"], "own_radio": ["weather"]},
        ),
        "duties": DutiesPart(clauses=(clause("1.1a", "done"), clause("1.2b", "not_done", late=True),
                                      clause("2.1a", "not_applicable"))),
        "roster": RosterPart(present=True, version="2", start=parse_moment("2022-04-26"),
                             end=parse_moment("2022-05-02"),
                             errors=1, gaps={"LD": 0, "UC": 45}),
        "incidents": IncidentsPart(incidents=(
            IncidentEntry(id="SC-1", began=moment - timedelta(hours=3), venue="den-tho", place="Đền thờ Bác Hồ",
                     services=("mobile",), kind="outage", summary="Đứt cáp quang", cause="xe thi công",
                     subscribers=12500, overdue=1),
        )),
    }  # fmt: skip


def beta(_moment: datetime) -> dict[PartName, BundlePart]:
    """A postal operator without equipment, roster or incidents."""
    return {
        "run": RunPart(present=False, event_vi="Lễ kỷ niệm 30 năm tái lập tỉnh Trà Vinh", event_en="Event"),
        "duties": DutiesPart(clauses=(clause("1.1a", "not_applicable"), clause("2.1a", "in_progress"))),
        "roster": RosterPart(present=False),
        "incidents": IncidentsPart(),
    }


@dataclass(frozen=True)
class Operators:
    """Both with their keys, and a clock at which their bundles are made."""

    one: PrivateKey
    other: PrivateKey
    clock: Clock

    @classmethod
    def invented(cls, moment: str = "2022-04-25 06:30") -> Operators:
        return cls(key_of(ALPHA), key_of(BETA), Clock.starting(moment))

    @property
    def keys(self) -> dict[str, PublicKey]:
        return {key.public.id: key.public for key in (self.one, self.other)}

    def bundles(self, folder: Path) -> tuple[Path, Path]:
        """The two files."""
        paths = folder / "alpha.zip", folder / "beta.zip"
        paths[0].write_bytes(pack(alpha(self.clock.now()), EVENT, self.one, self.clock))
        paths[1].write_bytes(pack(beta(self.clock.now()), EVENT, self.other, self.clock))
        return paths

    def pack(self, number: int = 1, previous: str = "", *, key: PrivateKey | None = None, **changed: Any) -> bytes:
        """A bundle of the first operator; `changed` are fields of its run."""
        parts = alpha(self.clock.now())
        parts["run"] = replace(parts["run"], **changed)
        return pack(parts, EVENT, key or self.one, self.clock, position=Position(number, previous))

    def wanted(self, when: str = "2022-04-25 08:00", *, rehearsal: bool = True, event: str = EVENT) -> BundlePolicy:
        return BundlePolicy(event, self.keys, parse_moment(when), timedelta(days=8), rehearsal)
