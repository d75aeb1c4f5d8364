"""An incident as its log tells it: every step is kept, and what it is now follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

from eventready.duty.words import Words, moment_of
from eventready.workspace.event import NoticeLimits

STREAM = "incident"

Addressee: TypeAlias = Literal["department", "police"]
How: TypeAlias = Literal["phone", "in_person", "email", "letter", "fax"]
Stage: TypeAlias = Literal["first", "written", "final"]
Kind: TypeAlias = Literal["outage", "congestion", "security", "illegal_content", "postal", "accident", "other"]
Standing: TypeAlias = Literal["given", "late", "waiting", "overdue"]

ADDRESSEES: tuple[Addressee, ...] = get_args(Addressee)
HOWS: tuple[How, ...] = get_args(How)
STAGES: tuple[Stage, ...] = get_args(Stage)
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What is said of an addressee, a way, a stage and a kind.
ADDRESSEE_WORDS: Mapping[str, Words] = {
    "department": Words("Sở Thông tin và Truyền thông", "the Department"),
    "police": Words("Công an gần nhất", "the nearest police"),
}
HOW_WORDS: Mapping[str, Words] = {
    "phone": Words("điện thoại", "telephone"),
    "in_person": Words("trực tiếp", "in person"),
    "email": Words("thư điện tử", "e-mail"),
    "letter": Words("văn bản", "letter"),
    "fax": Words("fax", "fax"),
}
STAGE_WORDS: Mapping[str, Words] = {
    "first": Words("báo tin ban đầu", "first notice"),
    "written": Words("báo cáo bằng văn bản", "written report"),
    "final": Words("báo cáo kết thúc", "final report"),
}
KIND_WORDS: Mapping[str, Words] = {
    "outage": Words("gián đoạn dịch vụ", "outage"),
    "congestion": Words("tắc nghẽn", "congestion"),
    "security": Words("mất an toàn, an ninh mạng lưới", "network security"),
    "illegal_content": Words("phát tán thông tin trái pháp luật", "unlawful content"),
    "postal": Words("sự cố bưu chính", "postal"),
    "accident": Words("tai nạn, thiên tai, cháy nổ", "accident"),
    "other": Words("khác", "other"),
}
#: What a first notice is given by; a report is not.
BY_MOUTH: tuple[How, ...] = ("phone", "in_person")


@dataclass(frozen=True)
class Notice:
    """Who told whom (`recipient` is a person or an office), when and how; `final` marks the final report."""

    to: Addressee
    recipient: str
    by: str
    at: datetime
    how: How
    final: bool = False

    def serves(self, stage: Stage) -> bool:
        """True when it is what a stage demands: a spoken notice first, then something written, then the final one."""
        if stage == "first":
            return self.how in BY_MOUTH
        return self.how not in BY_MOUTH and (stage == "written" or self.final)


@dataclass(frozen=True)
class Action:
    """Something that was done about it."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True)
class Step:
    """A line of the log: what was recorded, on the event's clock and in real time (UTC)."""

    at: datetime
    recorded: datetime
    by: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Demand:
    """A notice that must be given: to whom, which, by when, and how that stands."""

    to: Addressee
    stage: Stage
    due: datetime
    standing: Standing
    notice: Notice | None = None


@dataclass(frozen=True)
class Incident:
    """`began` and `noticed` in local time; limits run from `noticed`. `subscribers` None: not known yet."""

    id: str
    began: datetime
    noticed: datetime
    venue: str
    place: str
    services: tuple[str, ...]
    kind: Kind
    summary: str
    by: str
    subscribers: int | None = None
    cause: str = ""
    actions: tuple[Action, ...] = ()
    restored: datetime | None = None
    notices: tuple[Notice, ...] = ()
    steps: tuple[Step, ...] = ()
    rehearsal: bool = False

    @property
    def over(self) -> bool:
        """True when service is restored."""
        return self.restored is not None

    def demands(self, limits: NoticeLimits, moment: datetime) -> tuple[Demand, ...]:
        """Every notice that it demands, as it stands at a moment, in the order of their limits."""
        minutes = {"first": limits.first, "written": limits.written, "final": limits.final}
        return tuple(
            self._demand(to, stage, self.noticed + timedelta(minutes=minutes[stage]), moment)
            for stage in STAGES
            for to in ADDRESSEES
        )

    def overdue(self, limits: NoticeLimits, moment: datetime) -> tuple[Demand, ...]:
        """The notices that should have been given by now and were not."""
        return tuple(demand for demand in self.demands(limits, moment) if demand.standing == "overdue")

    def _demand(self, to: Addressee, stage: Stage, due: datetime, moment: datetime) -> Demand:
        given = [n for n in self.notices if n.to == to and n.serves(stage)]
        notice = min(given, key=lambda n: n.at, default=None)
        if notice is None:
            return Demand(to, stage, due, "overdue" if moment > due else "waiting")
        return Demand(to, stage, due, "late" if notice.at > due else "given", notice)


def replay(entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> tuple[Incident, ...]:
    """The incidents that the journal's entries (name, real time, body) tell, in the order in which they were opened.

    The first entry of a name opens it; a later one replaces what it names, and adds actions and notices.
    """
    told: dict[str, Incident] = {}
    for key, recorded, body in entries:
        step = Step(moment_of(body["at"]), datetime.fromisoformat(recorded), body["by"], body)
        before = told.get(key) or _opened(key, body)
        told[key] = replace(
            before,
            **_replaced(body),
            actions=before.actions + tuple(_action(a) for a in body.get("actions", ())),
            notices=before.notices + tuple(_notice(n) for n in body.get("notices", ())),
            steps=(*before.steps, step),
        )
    return tuple(told.values())


def _opened(key: str, body: Mapping[str, Any]) -> Incident:
    return Incident(
        id=key,
        began=moment_of(body["began"]),
        noticed=moment_of(body["noticed"]),
        venue=body["venue"],
        place=body["place"],
        services=tuple(body["services"]),
        kind=body["kind"],
        summary=body["summary"],
        by=body["by"],
        rehearsal=body["rehearsal"],
    )


def _replaced(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that an entry sets anew, as the record's types."""
    changed: dict[str, Any] = {k: body[k] for k in ("venue", "place", "kind", "summary", "cause") if k in body}
    if "services" in body:
        changed["services"] = tuple(body["services"])
    if body.get("subscribers") is not None:
        changed["subscribers"] = int(body["subscribers"])
    changed |= {k: moment_of(body[k]) for k in ("began", "noticed", "restored") if body.get(k)}
    return changed


def _action(plain: Mapping[str, Any]) -> Action:
    return Action(moment_of(plain["at"]), plain["by"], plain["text"])


def _notice(plain: Mapping[str, Any]) -> Notice:
    return Notice(
        plain["to"], plain["recipient"], plain["by"], moment_of(plain["at"]), plain["how"], bool(plain["final"])
    )
