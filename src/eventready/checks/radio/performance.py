"""Figures of cells by performance files: availability, access, drops, load, refusals and noise in the newest period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from pydantic import Field

from eventready.checks.answer import Between, blind, graded, of_subject, tidy, unknown
from eventready.checks.check import DeviceView, Limits, check
from eventready.checks.finding import Finding
from eventready.core.messages import Bilingual
from eventready.core.timezone import local_time
from eventready.facts.records import CellPerformance
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedCell

FACT = "cell_performance"


class CellAvailabilityLimits(Limits):
    """Percent of a period in which a cell was in service."""

    worse = "lower"
    warn: float = Field(default=99.5, ge=0, le=100, description="Warning below, % [K]")
    fail: float = Field(default=99, ge=0, le=100, description="Failure below, % [K]")


class CellAccessLimits(Limits):
    """Percent of successful attempts to get a connection or a bearer."""

    worse = "lower"
    warn: float = Field(default=98, ge=0, le=100, description="Warning below, % [K]")
    fail: float = Field(default=95, ge=0, le=100, description="Failure below, % [K]")


class CellDropLimits(Limits):
    """Percent of lost connections, and of lost voice calls of LTE and NR."""

    warn: float = Field(default=1, ge=0, le=100, description="Warning beyond, % [K]")
    fail: float = Field(default=2, ge=0, le=100, description="Failure beyond, % [K]")
    voice_warn: float = Field(default=0.8, ge=0, le=100, description="Warning beyond, % of voice calls [D]")
    voice_fail: float = Field(default=1.2, ge=0, le=100, description="Failure beyond, % of voice calls [D]")


class CellLoadLimits(Limits):
    """Percent of the resource blocks of a cell in use."""

    warn: float = Field(default=70, ge=0, le=100, description="Warning from this load on, % [S27]")
    fail: float = Field(default=85, ge=0, le=100, description="Failure from this load on in two periods, % [S27]")


class CellRefusalLimits(Limits):
    """Percent of attempts refused for want of room, and of pages not sent."""

    warn: float = Field(default=0, ge=0, le=100, description="Warning beyond, % of attempts [D]")
    fail: float = Field(default=0.5, ge=0, le=100, description="Failure beyond, % of attempts [D]")
    tch_warn: float = Field(default=2, ge=0, le=100, description="Warning beyond, % of TCH requests [S25]")
    tch_fail: float = Field(default=5, ge=0, le=100, description="Failure beyond, % of TCH requests [K]")
    sdcch_warn: float = Field(default=0.5, ge=0, le=100, description="Warning beyond, % of SDCCH requests [K]")
    sdcch_fail: float = Field(default=2, ge=0, le=100, description="Failure beyond, % of SDCCH requests [K]")
    paging_warn: float = Field(default=0, ge=0, le=100, description="Warning beyond, % of pages [D]")
    paging_fail: float = Field(default=1, ge=0, le=100, description="Failure beyond, % of pages [D]")


class CellNoiseLimits(Limits):
    """Interference in the uplink, in dBm."""

    warn: float = Field(default=-100, ge=-150, le=0, description="Warning above, dBm [K]")
    fail: float = Field(default=-95, ge=-150, le=0, description="Failure above, dBm [K]")


class _Figure(NamedTuple):
    """Figure of a record with its term in the subject of a finding (empty: none) and its sentence."""

    name: str
    term: str
    sentence: str

    def subject(self, cell: str) -> str:
        """Subject of a finding about the figure."""
        return f"{cell} {self.term}".rstrip()


#: Outcome of a figure with a value.
_Grading = Callable[[_Figure, CellPerformance, ExpectedCell], Finding]


def _empty(device: Device) -> Iterator[Finding]:
    return (unknown(cell.name, "", venues=(cell.venue,)) for cell in device.expect.cells)


file_check = partial(
    check, kind="quality", topic="traffic", roles=("bts_controller",), needs=(FACT,), expected_only=True,
    applies=lambda device: bool(device.expect.cells), each=_empty,
)  # fmt: skip


def records(view: DeviceView) -> Iterator[tuple[ExpectedCell, CellPerformance | Finding]]:
    """Yield the expected cells with their records; in place of a missing record the finding with its reason."""
    facts = view.fact(FACT, CellPerformance)
    rows = {row.cell.casefold(): row for row in facts.each_row()}
    unread = {one.subject.casefold(): one for one in facts.unread_records}
    for cell in view.device.expect.cells:
        key, venues = cell.name.casefold(), (cell.venue,)
        if key in unread:
            reason = Bilingual(unread[key].message.render("vi"), unread[key].reason)
            yield cell, unknown(cell.name, "checks:performance.not_read", venues=venues, reason=reason)
        elif key not in rows:
            yield cell, unknown(cell.name, "checks:performance.missing", venues=venues)
        else:
            yield cell, rows[key]


def _findings(view: DeviceView, groups: Sequence[Sequence[_Figure]], grading: _Grading) -> Iterator[Finding]:
    """Findings of the expected cells: of each group the figures with a value, else why none of them has any."""
    for cell, found in records(view):
        if isinstance(found, Finding):
            yield found
        else:
            for figures in groups:
                yield from _of_group(cell, found, figures, grading)


def _of_group(
    cell: ExpectedCell, row: CellPerformance, figures: Sequence[_Figure], grading: _Grading
) -> Iterator[Finding]:
    """Return the findings of the figures of a group; never none."""
    counted = [one for one in figures if one.name not in row.uncounted]
    for one in counted:
        subject, venues, at = one.subject(cell.name), (cell.venue,), ended_at(row)
        if getattr(row, one.name) is not None:
            yield of_subject(grading(one, row, cell), cell.name)
        elif one.name in row.idle:
            yield blind(subject, "checks:performance.idle", venues=venues, at=at)
        else:
            yield unknown(subject, "checks:performance.no_value", venues=venues, at=at)
    if not counted:
        yield blind(figures[0].subject(cell.name), "checks:performance.uncounted", venues=(cell.venue,))


def ended_at(row: CellPerformance) -> str:
    """Time of the end of the period, for a sentence."""
    return f"{local_time(row.ended):%H:%M}"


def _between(limits: dict[str, Between], *, unit: str = "%") -> _Grading:
    """Return the judgement by limits of each figure, beyond which a value is worse."""

    def grading(figure: _Figure, row: CellPerformance, cell: ExpectedCell) -> Finding:
        return graded(
            figure.subject(cell.name), figure.sentence, getattr(row, figure.name), limits[figure.name],
            unit=unit, beyond=True, digits=3, venues=(cell.venue,), at=ended_at(row),
        )  # fmt: skip

    return grading


@file_check("cell_availability", limits=CellAvailabilityLimits())
def cell_availability(view: DeviceView, limits: CellAvailabilityLimits) -> Iterator[Finding]:
    """Every cell was in service all the time, by its performance files."""
    figures = (_Figure("availability", "", "checks:performance.availability"),)
    yield from _findings(view, (figures,), _between({"availability": Between(limits.warn, limits.fail, "lower")}))


@file_check("cell_access", limits=CellAccessLimits())
def cell_access(view: DeviceView, limits: CellAccessLimits) -> Iterator[Finding]:
    """Nearly all attempts to get a connection and a bearer succeed, by performance files."""
    figures = (
        _Figure("rrc_success", "RRC", "checks:performance.access"),
        _Figure("bearer_success", "bearer", "checks:performance.access"),
    )
    both = Between(limits.warn, limits.fail, "lower")
    yield from _findings(view, [(one,) for one in figures], _between({one.name: both for one in figures}))


@file_check("cell_drops", limits=CellDropLimits())
def cell_drops(view: DeviceView, limits: CellDropLimits) -> Iterator[Finding]:
    """Few connections and voice calls of a cell are lost, by performance files."""
    share = _Figure("drops", "drops", "checks:performance.drops")
    rate = _Figure("drops_per_hour", "drops per hour", "checks:performance.no_limit")
    voice = _Figure("voice_drops", "voice", "checks:performance.drops")
    grade = _between(
        {"drops": Between(limits.warn, limits.fail), "voice_drops": Between(limits.voice_warn, limits.voice_fail)}
    )

    def grading(figure: _Figure, row: CellPerformance, cell: ExpectedCell) -> Finding:
        if figure is not rate:
            return grade(figure, row, cell)
        value = tidy(row.drops_per_hour or 0.0, 2)
        return blind(rate.subject(cell.name), rate.sentence, venues=(cell.venue,), value=value, at=ended_at(row))

    yield from _findings(view, ((share, rate), (voice,)), grading)


@file_check("cell_load", limits=CellLoadLimits())
def cell_load(view: DeviceView, limits: CellLoadLimits) -> Iterator[Finding]:
    """Every cell has free resource blocks, by performance files."""
    figures = (
        _Figure("prb_down", "down", "checks:performance.load"),
        _Figure("prb_up", "up", "checks:performance.load"),
    )

    def grading(figure: _Figure, row: CellPerformance, cell: ExpectedCell) -> Finding:
        now, before = getattr(row, figure.name), getattr(row, f"{figure.name}_before")
        new = before is not None and before < limits.fail <= now
        fail = 100.0 if new else limits.fail
        return graded(
            figure.subject(cell.name), figure.sentence, now, Between(limits.warn, fail),
            unit="%", venues=(cell.venue,), at=ended_at(row),
        )  # fmt: skip

    yield from _findings(view, [(one,) for one in figures], grading)


@file_check("cell_refusals", limits=CellRefusalLimits())
def cell_refusals(view: DeviceView, limits: CellRefusalLimits) -> Iterator[Finding]:
    """Few attempts to connect are refused for want of room, and few pages are lost, by performance files."""
    kinds = {
        "refused": ("refusals", Between(limits.warn, limits.fail)),
        "tch_refused": ("TCH", Between(limits.tch_warn, limits.tch_fail)),
        "sdcch_refused": ("SDCCH", Between(limits.sdcch_warn, limits.sdcch_fail)),
        "paging_lost": ("paging", Between(limits.paging_warn, limits.paging_fail)),
    }
    figures = {name: _Figure(name, term, "checks:performance.refused") for name, (term, _limits) in kinds.items()}
    paging = figures.pop("paging_lost")._replace(sentence="checks:performance.paging")
    grading = _between({name: between for name, (_term, between) in kinds.items()})
    yield from _findings(view, (tuple(figures.values()), (paging,)), grading)


@file_check("cell_noise", limits=CellNoiseLimits())
def cell_noise(view: DeviceView, limits: CellNoiseLimits) -> Iterator[Finding]:
    """The uplink of a cell is free of interference, by performance files."""
    figures = (_Figure("noise_up", "", "checks:performance.noise"),)
    yield from _findings(view, (figures,), _between({"noise_up": Between(limits.warn, limits.fail)}, unit="dBm"))
