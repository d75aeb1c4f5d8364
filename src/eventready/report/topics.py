"""The findings of a run by what a department asks about: network, traffic, redundancy, stations, Wi-Fi, security."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventready.report.language import Language
from eventready.report.lines import lines_of
from eventready.report.model import ORDER, Line, Place, counted
from eventready.run import Run

TopicKey: TypeAlias = Literal["network", "traffic", "backup", "stations", "wifi", "security"]

TOPICS: tuple[TopicKey, ...] = ("network", "traffic", "backup", "stations", "wifi", "security")

#: Checks of each topic; what stands nowhere is of the network.
_CHECKS: Mapping[TopicKey, frozenset[str]] = {
    "traffic": frozenset({"utilisation", "bundle_headroom", "channel_load", "channel_refusals", "interface_drops"}),
    "backup": frozenset(
        {"vrrp", "vrrp_pair", "hsrp", "hsrp_pair", "bundle", "backup_route", "floating_route", "controller_pair",
         "controller_active", "default_route"}
    ),
    "stations": frozenset({"site", "cell", "mobile_bts", "core_link", "alarm", "barring"}),
    "wifi": frozenset(
        {"access_point", "access_point_balance", "radio", "radio_balance", "radio_clients", "radio_listed",
         "radio_noise", "radio_utilisation", "radius"}
    ),
    "security": frozenset({"syslog", "ntp", "cleartext"}),
}  # fmt: skip


@dataclass(frozen=True)
class Topic:
    """`counts` in the order of ORDER; `bad` are failures and warnings, the most urgent first."""

    key: TopicKey
    lines: tuple[Line, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many lines of each status."""
        return dict(zip(ORDER, counted(self.lines), strict=True))

    @property
    def devices(self) -> int:
        """How many devices were asked."""
        return len({line.device for line in self.lines})

    @property
    def bad(self) -> tuple[Line, ...]:
        """What is to be put right."""
        return tuple(line for line in self.lines if line.status in ("fail", "warn"))

    @property
    def unmeasured(self) -> int:
        """What is not known."""
        return self.counts["not_measured"]


def topic_of(check: str) -> TopicKey:
    """Where a check belongs."""
    return next((key for key, checks in _CHECKS.items() if check in checks), "network")


def topics(lines: Sequence[Line]) -> dict[TopicKey, Topic]:
    """All topics, those without a finding too."""
    sorted_out: dict[TopicKey, list[Line]] = {key: [] for key in TOPICS}
    for line in lines:
        sorted_out[topic_of(line.check)].append(line)
    return {key: Topic(key, tuple(found)) for key, found in sorted_out.items()}


@dataclass(frozen=True)
class Results:
    """A run as the papers need it."""

    run: Run
    lines: tuple[Line, ...]
    topics: Mapping[TopicKey, Topic]
    place: Place

    @classmethod
    def of(cls, run: Run, language: Language) -> Results:
        """From a run document."""
        place = Place.of(run.document, language)
        lines = lines_of(run.document, place)
        return cls(run, lines, topics(lines), place)
