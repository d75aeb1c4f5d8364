"""Expected crowds against the capacity in service: the result of a drill with a crowd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import fmean

from pydantic import Field

from eventready.checks.answer import answered, graded, missing, of_all, tidy, warned
from eventready.checks.check import DeviceView, Limits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import ChannelLoad, Radio
from eventready.network.capacity.formulas import blocking
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedAccessPoint, ExpectedCell

#: Channels for calls and for signalling, by the kind of the channel.
_CHANNELS: Mapping[str, str] = {"tch_f": "TCH", "tch_h": "TCH", "sdcch": "SDCCH"}


class CellCapacityLimits(Limits):
    """Traffic of a user, and percent of requests lost for want of a channel."""

    call_me: float = Field(default=25, gt=0, description="Calls of a user in the busy hour, mE [K]")
    signalling_me: float = Field(
        default=4,
        gt=0,
        description="Signalling of a user in the busy hour, mE: a call, an update, a message of 5 s [D]",
    )
    surge: float = Field(default=1.5, ge=1, description="Traffic of a crowd, as a multiple of the busy hour [D]")
    call_loss: float = Field(default=2, ge=0, le=100, description="Calls lost, % (TCH blocking) [S25]")
    signalling_loss: float = Field(default=0.5, ge=0, le=100, description="Signalling lost, % (SDCCH blocking) [K]")


class AccessPointCapacityLimits(Limits):
    """Expected clients per radio in service, and an access point's share against the mean of its venue."""

    warn: int = Field(default=30, ge=1, description="Warning from this number per radio on [S30]")
    fail: int = Field(default=50, ge=1, description="Failure from this number per radio on [S30]")
    share: float = Field(default=2, ge=1, description="Warning beyond this multiple of the venue's mean [D]")


def _cells(device: Device) -> tuple[ExpectedCell, ...]:
    return tuple(cell for cell in device.expect.cells if cell.users)


def _access_points(device: Device) -> tuple[ExpectedAccessPoint, ...]:
    return tuple(ap for ap in device.expect.access_points if ap.clients)


@check(
    "cell_capacity",
    topic="traffic",
    roles=("bts_controller",),
    needs=("channel_load",),
    limits=CellCapacityLimits(),
    applies=lambda device: bool(_cells(device)),
)
def cell_capacity(view: DeviceView, limits: CellCapacityLimits) -> Iterator[Finding]:
    """Every cell has channels enough for its expected users, in the busy hour and in a crowd (Erlang B)."""
    channels: dict[str, Counter[str]] = {}
    for row in view.rows("channel_load", ChannelLoad):
        if row.kind in _CHANNELS:
            channels.setdefault(row.cell.casefold(), Counter())[_CHANNELS[row.kind]] += row.total
    for cell in _cells(view.device):
        of_cell = channels.get(cell.name.casefold())
        if not of_cell:
            yield missing(cell.name, "checks:channel.none", venues=(cell.venue,))
            continue
        for kind, user_me, limit in (
            ("TCH", limits.call_me, limits.call_loss),
            ("SDCCH", limits.signalling_me, limits.signalling_loss),
        ):
            traffic = (cell.users or 0) * user_me / 1000
            yield of_all(_loss(cell, f"{cell.name} {kind}", of_cell[kind], (traffic, traffic * limits.surge), limit))


def _loss(cell: ExpectedCell, subject: str, channels: int, traffic: tuple[float, float], limit: float) -> Finding:
    """Fail where the busy hour loses more than the limit, warn where a crowd does. `traffic`: of both, in erlangs."""
    busy, crowd = (tidy(100 * blocking(channels, load), 2) for load in traffic)
    worst = busy if busy > limit else crowd
    status = Outcome.FAIL if busy > limit else Outcome.WARN if crowd > limit else Outcome.PASS
    return answered(
        status,
        "checks:demand.busy_hour" if status is Outcome.FAIL else "checks:demand.crowd",
        subject=subject,
        value=worst,
        limit=tidy(limit, 2),
        unit="%",
        venues=(cell.venue,),
        traffic=tidy(traffic[0] if status is Outcome.FAIL else traffic[1], 2),
        users=cell.users,
        channels=channels,
    )


@check(
    "access_point_capacity",
    topic="wifi",
    roles=("wifi_controller",),
    needs=("radio", "radio_24"),
    limits=AccessPointCapacityLimits(),
    applies=lambda device: bool(_access_points(device)),
)
def access_point_capacity(view: DeviceView, limits: AccessPointCapacityLimits) -> Iterator[Finding]:
    """Every access point has radios enough for its expected clients, and no crowd for its neighbours to share."""
    radios = Counter(
        row.ap.casefold() for fact in ("radio", "radio_24") for row in view.rows(fact, Radio) if row.oper == "up"
    )
    expected = _access_points(view.device)
    for ap in expected:
        mean = fmean(other.clients or 0 for other in expected if other.venue == ap.venue)
        yield of_all(_crowd(ap, radios[ap.name.casefold()], (ap.clients or 0) / mean, limits))


def _crowd(ap: ExpectedAccessPoint, radios: int, share: float, limits: AccessPointCapacityLimits) -> Finding:
    if not radios:
        return missing(ap.name, "checks:demand.no_radio", venues=(ap.venue,), clients=ap.clients)
    crowd = graded(
        ap.name, "checks:demand.radio", (ap.clients or 0) / radios, warn=limits.warn, fail=limits.fail,
        venues=(ap.venue,), clients=ap.clients,
    )  # fmt: skip
    if crowd.status is Outcome.PASS and share > limits.share:
        return warned(
            ap.name,
            "checks:demand.share",
            venues=(ap.venue,),
            clients=ap.clients,
            value=tidy(share),
            limit=limits.share,
        )
    return crowd
