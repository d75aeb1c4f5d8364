"""Users and traffic of cells by performance files: against the forecast, and against earlier weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from pydantic import Field

from eventready.checks.answer import answered, blind, of_subject, passed, tidy, unknown
from eventready.checks.check import DeviceView, Limits
from eventready.checks.finding import Finding, Outcome
from eventready.checks.radio.performance import FACT, ended_at, file_check, records
from eventready.facts.records import CellPerformance
from eventready.facts.rows import rows_of
from eventready.network.capacity.case import CapacityTargets, DemandFigures, LoadCase
from eventready.network.capacity.formulas import offered
from eventready.workspace.devices.capacity import Load, VenueDemand
from eventready.workspace.devices.device import Device, EventWindow
from eventready.workspace.devices.expect import ExpectedCell


class CellForecastLimits(Limits):
    """Multiples of the users or the traffic expected by capacity.yaml and hosts.yaml."""

    warn: float = Field(default=1.2, ge=1, description="Warning beyond this multiple of the forecast [D]")
    fail: float = Field(default=1.4, ge=1, description="Failure beyond this multiple of the forecast [D]")
    users: float = Field(default=20, ge=0, description="Least number of connected users that are compared [D]")
    traffic: float = Field(default=2, ge=0, description="Least traffic that is compared, E [D]")


class CellUsualLimits(Limits):
    """Users and their rate against the median of the same weekday and hour."""

    warn: float = Field(default=1.5, gt=1, description="Warning beyond this multiple of the usual users [D]")
    fail: float = Field(default=2, gt=1, description="Failure beyond this multiple of the usual users [D]")
    slow_warn: float = Field(default=2, gt=1, description="Warning below the usual rate divided by this [D]")
    slow_fail: float = Field(default=4, gt=1, description="Failure below the usual rate divided by this [D]")
    few: float = Field(default=10, ge=0, lt=100, description="Failure below so many percent of the usual users [D]")
    users: float = Field(default=20, ge=0, description="Least number of connected users that are compared [D]")
    weeks: int = Field(default=3, ge=1, description="Least number of earlier weeks to compare with [D]")


#: Sentences about a right forecast and about one too low, by its unit.
_SENTENCES = {
    "": ("checks:performance.forecast", "checks:performance.forecast_low"),
    "E": ("checks:performance.forecast_traffic", "checks:performance.forecast_traffic_low"),
}


@dataclass(frozen=True)
class _Forecast:
    """Connected users (no unit) or traffic (E) expected at a cell, with the name of the window."""

    value: float
    window: str
    unit: str


def _forecast(view: DeviceView, load: Load, figures: dict[int, DemandFigures]) -> _Forecast:
    """Return the largest forecast of a cell: of the windows open now, else of all windows."""
    moment, data = view.moment, load.supply is not None and load.supply.kind != "gsm"
    windows = [one for one in view.device.event_windows if moment is not None and one.contains(moment)]
    now = [one for one in load.demands if _is_open(one, windows)]
    found = []
    for demand in now or load.demands:
        own = figures.setdefault(id(demand), DemandFigures(demand))
        users = LoadCase(load, (own,), view.facts, CapacityTargets()).users(own.subscribers, "users")
        amount = users * own["active"] if data else offered(users, own["bhca"], own["holding_s"])
        found.append(_Forecast(amount.value, demand.window, "" if data else "E"))
    return max(found, key=lambda one: one.value)


def _is_open(demand: VenueDemand, windows: Iterable[EventWindow]) -> bool:
    """True for a demand in any of these windows; the users of hosts.yaml are expected in all."""
    return any(demand.window in {"hosts.yaml", *window.names} and window.touches((demand.venue,)) for window in windows)


def _has_forecast(device: Device) -> bool:
    return any(load.kind == "cell" for load in device.loads)


def _loads(device: Device) -> Mapping[str, Load]:
    return {load.name.casefold(): load for load in device.loads if load.kind == "cell"}


def _seen(row: CellPerformance, forecast: _Forecast) -> float | None:
    if forecast.unit == "E":
        return row.traffic
    return row.users_max if row.users_mean is None else row.users_mean


@file_check("cell_forecast", limits=CellForecastLimits(), applies=_has_forecast)
def cell_forecast(view: DeviceView, limits: CellForecastLimits) -> Iterator[Finding]:
    """No cell has more users or traffic than forecast, by performance files."""
    loads, figures = _loads(view.device), dict[int, DemandFigures]()
    for cell, row in records(view):
        if (load := loads.get(cell.name.casefold())) is None:
            continue
        if isinstance(row, Finding):
            yield row
        else:
            yield of_subject(_against(cell, row, _forecast(view, load, figures), limits), cell.name)


def _against(cell: ExpectedCell, row: CellPerformance, forecast: _Forecast, limits: CellForecastLimits) -> Finding:
    value, at, venues = _seen(row, forecast), ended_at(row), (cell.venue,)
    if value is None:
        lacking = ("traffic",) if forecast.unit == "E" else ("users_mean", "users_max")
        if all(name in row.uncounted for name in lacking):
            return blind(cell.name, "checks:performance.uncounted", venues=venues)
        return unknown(cell.name, "checks:performance.no_value", venues=venues, at=at)
    least = limits.traffic if forecast.unit == "E" else limits.users
    wrong = value >= least and value > limits.warn * forecast.value
    status = Outcome.PASS if not wrong else Outcome.FAIL if value > limits.fail * forecast.value else Outcome.WARN
    right, low = _SENTENCES[forecast.unit]
    sentence = low if wrong else right
    return answered(
        status, cell.name, sentence, value=tidy(value), limit=tidy(forecast.value), unit=forecast.unit, venues=venues,
        window=forecast.window, at=at,
    )  # fmt: skip


@file_check("cell_usual", limits=CellUsualLimits())
def cell_usual(view: DeviceView, limits: CellUsualLimits) -> Iterator[Finding]:
    """Every cell has about as many users, at about the rate, as usual on this weekday at this hour."""
    earlier = [
        {row.cell.casefold(): row for row in rows_of(past.facts, FACT, CellPerformance).each_row()}
        for past in view.history
        if past.alike
    ]
    expected = _expected_now(view)
    for cell, row in records(view):
        if isinstance(row, Finding):
            yield row
            continue
        usual = [one for rows in earlier if (one := rows.get(cell.name.casefold())) is not None]
        found = [_users(cell, row, usual, limits, crowd=cell.name in expected), _rate(cell, row, usual, limits)]
        yield from (of_subject(one, cell.name) for one in found if one is not None)
        if not any(found):
            yield passed(
                cell.name, "checks:performance.no_usual", venues=(cell.venue,), value=len(usual), limit=limits.weeks
            )


def _expected_now(view: DeviceView) -> frozenset[str]:
    """Names of cells with a forecast for a window open now, in place of the usual figures."""
    moment = view.moment
    windows = [one for one in view.device.event_windows if moment is not None and one.contains(moment)]
    return frozenset(
        load.name
        for load in view.device.loads
        if load.kind == "cell"
        and any(
            one.window in window.names and window.touches((one.venue,)) for one in load.demands for window in windows
        )
    )


def _middle(values: Iterable[float | None], limits: CellUsualLimits) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= limits.weeks else None


def _users(
    cell: ExpectedCell, row: CellPerformance, usual: list[CellPerformance], limits: CellUsualLimits, *, crowd: bool
) -> Finding | None:
    """Return the finding about the users; None without a figure, and too few audits to compare with."""
    middle = _middle((one.users_mean for one in usual), limits)
    if row.users_mean is None or middle is None:
        return None
    value = row.users_mean
    status = Outcome.PASS
    if middle >= limits.users and 100 * value < limits.few * middle:
        status = Outcome.FAIL
    elif value >= limits.users and not crowd and value > limits.warn * middle:
        status = Outcome.FAIL if value > limits.fail * middle else Outcome.WARN
    return answered(
        status, cell.name, "checks:performance.usual_users", value=tidy(value), venues=(cell.venue,),
        median=tidy(middle), weeks=len(usual), at=ended_at(row),
    )  # fmt: skip


def _rate(
    cell: ExpectedCell, row: CellPerformance, usual: list[CellPerformance], limits: CellUsualLimits
) -> Finding | None:
    """Return the finding about the rate of a user; None without a figure, and too few audits to compare with."""
    middle = _middle((one.user_rate_down for one in usual), limits)
    if row.user_rate_down is None or middle is None:
        return None
    value = row.user_rate_down
    fail, warn = limits.slow_fail * value < middle, limits.slow_warn * value < middle
    return answered(
        Outcome.FAIL if fail else Outcome.WARN if warn else Outcome.PASS, f"{cell.name} rate",
        "checks:performance.usual_rate", value=tidy(value, 2), venues=(cell.venue,), median=tidy(middle, 2),
        weeks=len(usual), at=ended_at(row),
    )  # fmt: skip
