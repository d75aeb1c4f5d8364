"""One kind of proof at a time: what speaks for a clause, what is missing, and what speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, TypeAlias

from eventready.duty.named import CHECKS, INTENTS
from eventready.duty.words import Words, at, moment_of
from eventready.english import number_of
from eventready.roster.finding import RosterReport
from eventready.roster.roster import Role
from eventready.run import Run
from eventready.workspace.device import Device
from eventready.workspace.duties import Duty

EvidenceKind: TypeAlias = Literal["check", "change", "roster", "document", "attestation", "incident", "register"]

#: The words of duties.yaml for the five duties of the roster.
ROLE_CODES: Mapping[str, Role] = {"leadership": "LD", "command": "DH", "shift": "CA", "emergency": "UC",
                                  "operations": "VH"}  # fmt: skip
ROLE_WORDS: Mapping[str, Words] = {
    "leadership": Words("trực lãnh đạo", "leadership"),
    "command": Words("trực điều hành", "command"),
    "shift": Words("trực ca", "shift"),
    "emergency": Words("ứng cứu thông tin", "emergency response"),
    "operations": Words("trực vận hành", "operations"),
}
#: The rule on handing the list in: papers sent prove that, and not the roster.
_SUBMISSION = 7
_BAD: Mapping[str, Words] = {
    "fail": Words("chưa đạt", "failed"),
    "not_measured": Words("chưa đo được", "not measured"),
    "warn": Words("có cảnh báo", "warning"),
}


@dataclass(frozen=True)
class Evidence:
    """Something that speaks for a clause. `ref` is a link: a run, an attestation, a message, a version."""

    kind: EvidenceKind
    ref: str
    words: Words


@dataclass(frozen=True)
class Carried:
    """A change that was carried out: the intent, its name, when it was done."""

    intent: str
    id: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """What one kind of proof tells. `due` replaces the clause's own deadline where it is set."""

    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Words, ...] = ()
    against: tuple[Words, ...] = ()
    due: datetime | None = None

    @classmethod
    def lacking(cls, vi: str, en: str) -> Told:
        """Nothing is there: what is missing."""
        return cls(missing=(Words(vi, en),))

    @classmethod
    def shown(cls, kind: EvidenceKind, ref: str, vi: str, en: str) -> Told:
        """One piece of evidence."""
        return cls(evidence=(Evidence(kind, ref, Words(vi, en)),))


def of_checks(duty: Duty, run: Run | None, devices: Sequence[Device] = ()) -> Told:
    """What the findings of a run say of a clause: only a pass is evidence, only a pass or a waiver is not against it.

    A finding speaks about the clauses that it names itself, and about those whose proof names its check. Of `devices`,
    which are all there are, those that the run left out prove nothing.
    """
    if run is None:
        return Told.lacking("chưa có lần kiểm tra thiết bị nào", "no audit has been made") if wants(duty) else Told()
    places = {device["name"]: device["venues"] for device in run.document.get("devices", ())}
    mine = [finding for finding in run.document["findings"] if speaks(finding, duty, places)]
    passed = sum(finding["status"] == "pass" for finding in mine)
    evidence = []
    if passed:
        clock = run.document.get("clock", {})
        moment = at(moment_of(str(clock.get("event") or run.document["started"])))
        mark = ("; diễn tập", "; a rehearsal") if clock.get("rehearsal") else ("", "")
        evidence.append(
            Evidence("check", run.id, Words(f"{passed}/{len(mine)} nội dung kiểm tra đạt ({moment}{mark[0]})",
                                            f"{passed} of {len(mine)} checks pass ({moment}{mark[1]})"))
        )  # fmt: skip
    against = [said for status in _BAD if (said := _bad(mine, status)) is not None]
    if run.document.get("state") == "interrupted":
        against.append(Words("lần kiểm tra bị gián đoạn", "the audit was interrupted"))
    if passed and (unasked := _unasked(duty, places, devices)):
        against.append(unasked)
    missing: tuple[Words, ...] = ()
    if not mine and wants(duty):
        missing = (Words("lần kiểm tra gần nhất không có nội dung này", "the latest audit has no check of it"),)
    elif not passed and wants(duty):
        missing = (Words("chưa có nội dung kiểm tra nào đạt", "no check of it passes"),)
    return Told(tuple(evidence), missing, tuple(against))


def _unasked(duty: Duty, asked: Collection[str], devices: Iterable[Device]) -> Words | None:
    """The devices at the clause's venues that were not part of the audit."""
    meant = set(duty.proof.venues)
    names = [d.name for d in devices if d.name not in asked and (not meant or meant & set(d.venues))]
    if not names:
        return None
    some = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return Words(
        f"lần kiểm tra gần nhất không gồm {len(names)} thiết bị ({some})",
        f"the latest audit leaves {len(names)} of the devices out ({some})",
    )


def wants(duty: Duty) -> bool:
    """True when devices must speak for the clause."""
    return bool(duty.proof.checks)


def speaks(finding: Mapping[str, Any], duty: Duty, places: Mapping[str, Sequence[str]]) -> bool:
    """True when a finding is about the clause, at a venue that it means. `places`: the venues of each device."""
    if duty.id not in finding.get("duties", ()) and not _named(str(finding["check"]), duty.proof.checks):
        return False
    if not duty.proof.venues:
        return True
    venues = finding.get("venues") or places.get(str(finding["device"]), ())
    return not set(venues).isdisjoint(duty.proof.venues)


@cache
def _named(check: str, globs: tuple[str, ...]) -> bool:
    """True when one of the globs means the check: three dozen clauses ask it of every finding of every device."""
    return any(fnmatchcase(check, glob) for glob in globs)


def _bad(findings: Iterable[Mapping[str, Any]], status: str) -> Words | None:
    found = [finding for finding in findings if finding["status"] == status]
    if not found:
        return None
    places = list(dict.fromkeys((finding["check"], finding["device"]) for finding in found))
    vi = [_named_vi(CHECKS, check) + (f" trên {device}" if device else "") for check, device in places[:3]]
    en = [f"{device} {check}".strip() for check, device in places[:3]]
    more = [", …"] if len(places) > 3 else []
    words = _BAD[status]
    return Words(
        f"{len(found)} nội dung {words.vi} ({', '.join(vi)}{''.join(more)})",
        f"{len(found)} {words.en} ({', '.join(en)}{''.join(more)})",
    )


def _named_vi(names: Mapping[str, tuple[str, str]], key: str) -> str:
    """What Vietnamese papers call it; its own name where they have none."""
    return names[key][1] if key in names else key


def of_changes(duty: Duty, changes: Sequence[Carried]) -> Told:
    """Every kind of change that the clause names must have been carried out."""
    evidence, missing = [], []
    for intent in duty.proof.changes:
        name = _named_vi(INTENTS, intent).lower()
        done = max((change for change in changes if change.intent == intent), key=lambda c: c.at, default=None)
        if done is None:
            missing.append(Words(f"chưa thực hiện thay đổi {name}", f"the change {intent} is not carried out"))
        else:
            words = Words(f"đã thực hiện thay đổi {name} ({at(done.at)})", f"{intent} carried out ({at(done.at)})")
            evidence.append(Evidence("change", done.id, words))
    return Told(tuple(evidence), tuple(missing))


def of_roster(duty: Duty, report: RosterReport | None, version: str = "") -> Told:
    """The duties of the roster that the clause names have somebody at every minute; all five: no rule is broken."""
    roles = duty.proof.roster
    if not roles:
        return Told()
    if report is None:
        return Told.lacking("chưa có danh sách trực", "there is no roster")
    evidence, against = [], []
    for role in roles:
        words = ROLE_WORDS.get(role, Words(role, role))
        code = ROLE_CODES.get(role)
        minutes = report.gap_minutes(code) if code else 1
        if code is None:
            against.append(Words(f"danh sách trực không có vai trò {role}", f"a roster has no role {role}"))
        elif minutes:
            en = f"{words.en}: {minutes} minutes without enough people"
            against.append(Words(f"{words.vi}: {minutes} phút không đủ người", en))
        else:
            span = f"{at(report.start)} - {at(report.end)}"
            said = Words(f"{words.vi}: đủ người 24/24, {span}", f"{words.en}: no gap, {span}")
            evidence.append(Evidence("roster", version, said))

    if set(roles) >= set(ROLE_CODES):
        errors = sum(finding.severity == "error" and finding.rule != _SUBMISSION for finding in report.findings)
        if errors:
            against.append(Words(f"danh sách trực có {errors} lỗi", f"the roster breaks {number_of(errors, 'rule')}"))
    return Told(tuple(evidence), (), tuple(against))
