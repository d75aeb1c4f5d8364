"""Run on the terminal: verdicts, findings, unmeasured subjects."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from shlex import quote

from rich.table import Table
from rich.text import Text

from eventready.cli.audit.walk import VERDICT_STYLES, walks
from eventready.cli.context import Shown
from eventready.core.language import Language
from eventready.core.messages import Lang, term, text
from eventready.core.strings.texts import natural
from eventready.evaluation.alike import about, rows
from eventready.evaluation.causes import causes
from eventready.store.run import Run, partial_readings
from eventready.store.run_records import RunDevice, RunFinding, RunHeader

_MARK_STYLES = {"fail": "red", "warn": "yellow", "not_measured": "magenta"}
_COUNTED = ("pass", "warn", "fail", "not_measured", "waived")
_SHOWN = 40
_KEPT = 1_000  # of which rows are made: a large fleet has a million
_NAMED, _DEVICES = 8, 3  # subjects and devices of a row
_DEVICES_SHOWN = 10

_FAULTS = ("fail", "warn")
#: Rank, device, check, subject, and number of a finding.
_Place = tuple[int, str, str, str, int]
#: Status, device, check, sentence
Line = tuple[str, str, str, str]


def run_summary(run: Run, lang: Lang = "en") -> Iterator[Shown]:
    """A run as lines and tables."""
    header, language = run.header, Language(lang)
    yield Text(header.event_info.title.render(lang), style="bold")
    note = text("cli:run.rehearsal", lang) if header.clock.rehearsal else ""
    moment = language.moment(header.moment)
    yield Text(text("cli:run.heading", lang, id=run.id, at=moment, rehearsal=note))
    if header.window:
        yield Text(text("cli:run.window", lang, window=header.window))
    yield from map(Text, _unexpecting(header.devices, lang))
    yield ""
    yield verdict_table(run, lang)
    yield from walks(run, lang)
    counts: Counter[str] = Counter()
    blind: Counter[str] = Counter()
    unmeasured = Unmeasured(lang)
    worst: list[tuple[_Place, RunFinding]] = []
    for finding in run.findings():
        status = finding.status
        counts[status] += 1
        if status == "not_measured" and finding.blind:
            blind[finding.check] += 1
        elif status == "not_measured":
            unmeasured.add(finding)
        elif status in _FAULTS:
            insort(worst, (_place(finding, counts.total()), finding), key=itemgetter(0))
            del worst[_KEPT:]
    yield Text(_totals(header, counts, lang))
    yield from map(Text, _partly_read(run, lang))
    coverage = header.coverage
    if coverage.seen:
        yield Text(text("cli:runs.seen", lang, seen=coverage.seen, uncovered=coverage.uncovered))
    if coverage.unseen_devices:
        yield Text(text("cli:runs.unseen", lang, n=coverage.unseen_devices))
    kept = [finding for _, finding in worst]
    found = rows(kept, about, causes(kept, header.below))[:_SHOWN]
    lines = [
        (one.first.status, language.names(one.devices, _DEVICES), one.first.check,
         one.sentence(language, language.sentence(one.first), _NAMED))
        for one in found
    ]  # fmt: skip
    faults = sum(counts[status] for status in _FAULTS)
    yield from _listed("cli:run.findings", lines, faults - sum(one.count for one in found), lang)
    silent = unmeasured.rows()
    yield from _listed("cli:run.unmeasured", silent[:_SHOWN], len(silent[_SHOWN:]), lang)
    if blind:
        spots = [text("cli:run.blind_spot", lang, check=check, n=count) for check, count in sorted(blind.items())]
        yield Text(f"\n{text('cli:run.blind', lang, spots=spots)}")


def _unexpecting(devices: Sequence[RunDevice], lang: Lang) -> Iterator[str]:
    """A line per device without expectations, with the command for proposals."""
    names = [device.name for device in devices if device.without_expectations]
    for name in names[:_DEVICES_SHOWN]:
        yield text("cli:run.no_expectations", lang, device=name, quoted=quote(name))
    if len(names) > _DEVICES_SHOWN:
        yield text("cli:run.more_without", lang, n=len(names) - _DEVICES_SHOWN)


def _totals(header: RunHeader, counts: Mapping[str, int], lang: Lang) -> str:
    totals = {status: counts.get(status, 0) for status in _COUNTED}
    devices, measured, needed = len(header.devices), header.coverage.measured, header.coverage.needed
    return text("cli:run.totals", lang, devices=devices, measured=measured, needed=needed, **totals)


def _partly_read(run: Run, lang: Lang) -> Iterator[str]:
    """Yield the facts read in part as lines, with their unread records."""
    found = partial_readings(run) if run.header.coverage.partial else ()
    if found:
        yield text("cli:run.partial", lang, n=len(found))
    for one in found[:_DEVICES_SHOWN]:
        yield f"  {one.shown}"
    if len(found) > _DEVICES_SHOWN:
        yield f"  {text('cli:run.more_partial', lang, n=len(found) - _DEVICES_SHOWN)}"


def verdict_table(run: Run, lang: Lang) -> Table:
    """Return the verdicts of a run by venue and service."""
    verdicts = {one.place: one for one in run.verdicts()}
    services = list(dict.fromkeys(service for _venue, service in verdicts))
    language = Language(lang)
    heads = services if lang == "en" else [language.service(service) for service in services]
    table = Table(text("cli:run.venue", lang), *heads, title=text("cli:run.verdicts", lang), title_justify="left")
    judged = {place[0] for place in verdicts} if run.header.window else None
    for venue in run.header.event_info.venues:
        if judged is not None and venue.id not in judged:
            continue
        cells = [Text(venue.title.render(lang))]
        for service in services:
            one = verdicts.get((venue.id, service))
            word = language.verdict(one.verdict).upper() if one else "-"
            if one and one.walk and one.walk.state == "one_way_left":
                word += f"\n{term('terms:walk_state', 'one_way_left', lang)}"
            cells.append(Text(word, style=VERDICT_STYLES[one.verdict] if one else "dim"))
        table.add_row(*cells)
    return table


def _place(finding: RunFinding, number: int = 0) -> _Place:
    rank = _FAULTS.index(finding.status) if finding.status in _FAULTS else len(_FAULTS)
    return rank, finding.device, finding.check, finding.subject, number


class Unmeasured:
    """Rows of unmeasured findings; devices and checks with the same reason share a row. No finding is held.

    Findings whose sentences name their subjects share a row with the others of their check on their device.
    """

    def __init__(self, lang: Lang) -> None:
        self._language, self._lang = Language(lang), lang
        self._together: dict[tuple[str, ...], _Reason] = {}

    def add(self, finding: RunFinding) -> None:
        """Take a finding."""
        sentence, subject = self._language.sentence(finding), finding.subject
        named = self._language.subject(subject) if subject else ""
        silence = _silence(finding)
        if named and named in sentence and not silence:
            key: tuple[str, ...] = (finding.device, finding.check, sentence.replace(named, "", 1))
        else:
            key, subject = (silence or sentence,), ""
        reason = self._together.setdefault(key, _Reason((_place(finding), sentence)))
        reason.first = min(reason.first, (_place(finding), sentence))
        reason.devices.add(finding.device)
        reason.checks.add(finding.check)
        reason.sentences.add(sentence)
        reason.subjects.add(subject)

    def rows(self) -> list[Line]:
        """Return the rows, in the order of their first devices."""
        reasons = sorted(self._together.values(), key=lambda reason: reason.first)
        return [("not_measured", *_shared(reason, self._lang), self._sentence(reason)) for reason in reasons]

    def _sentence(self, reason: _Reason) -> str:
        """First of several sentences with their subjects, or with their number."""
        (place, sentence), others = reason.first, len(reason.sentences) - 1
        if others and "" not in reason.subjects:
            subjects = sorted(reason.subjects, key=lambda one: (one != place[3], natural(one)))
            return self._language.together(sentence, subjects, most=_NAMED)
        return text("cli:run.alike", self._lang, sentence=sentence, n=others) if others else sentence


@dataclass
class _Reason:
    """Devices, checks and subjects with a reason; `first`: its first place, with the sentence there."""

    first: tuple[_Place, str]
    devices: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    sentences: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)


def _silence(finding: RunFinding) -> str:
    """Reason of an unreached device without its address."""
    reason = finding.params.get("reason")
    unreached = finding.message_id == "checks:run.unreachable"
    return str(reason.get("id", "")) if unreached and isinstance(reason, Mapping) else ""


def _shared(reason: _Reason, lang: Lang) -> tuple[str, str]:
    """The device and the check of a row, or their number where several share a reason."""
    named = (("device", reason.devices), ("check", reason.checks))
    device, check = (
        min(names) if len(names) == 1 else text(f"cli:count.{kind}", lang, n=len(names)) for kind, names in named
    )
    return device, check


def _listed(title: str, lines: Sequence[Line], more: int, lang: Lang) -> Iterator[Shown]:
    if not lines:
        return
    heads = (text(f"cli:run.{column}", lang) for column in ("device", "check", "finding"))
    table = Table("", *heads, title=f"\n{text(title, lang)}", title_justify="left", box=None, pad_edge=False)
    for status, *cells in lines:
        mark = Text(text(f"cli:mark.{status}", lang), style=_MARK_STYLES[status])
        table.add_row(mark, *(Text(content) for content in cells))
    yield table
    if more:
        yield Text(text("cli:run.more", lang, n=more))
