"""Map of the network of a run: devices in tiers by their distance from the origins, with states and single points."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from eventready.core.language import Language, clean
from eventready.drawing.svg import Figure
from eventready.network.graph.export import NetworkGraph, NetworkLink
from eventready.network.map.drawing import PORTRAIT, LineState, MapBox, MapWords, network_map
from eventready.network.map.layout import folded, lay_out
from eventready.network.map.tiers import Pair
from eventready.store.run_records import RunFinding

_SINGLE = "single_point"


@dataclass(frozen=True)
class DeviceStates:
    """Findings by device and status without blind spots, and single points of failure by name."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    single: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, findings: Iterable[RunFinding]) -> DeviceStates:
        """States after these findings."""
        states = cls()
        for finding in findings:
            states.count(finding.status, finding.device, finding.check, 1, blind=finding.blind)
            states.include(finding)
        return states

    def count(self, status: str, device: str, check: str, number: int, *, blind: bool) -> None:
        """Count findings of a check on a device."""
        if check != _SINGLE and not blind:
            self.counts[device][status] += number

    def include(self, finding: RunFinding) -> None:
        """Include the single point of failure of a finding."""
        if finding.check == _SINGLE and finding.status in ("fail", "warn"):
            self.single.add(finding.subject)


_STATES: Mapping[str, LineState] = {"up": "carrying", "unmeasured": "not_measured"}
_RANK: tuple[LineState, ...] = ("lost", "not_measured", "carrying")
_STATUSES = ("fail", "not_measured", "warn", "pass")
#: Devices without a cable in a tier, units of the map in a mm of paper (letters of 5 pt), and height of a tier.
_LOOSE, _LEGIBLE, _ROW = 9, 6.0, 77.0


def map_figure(
    network: NetworkGraph, states: DeviceStates, language: Language, down: Collection[str] = (),
    waves: Sequence[Collection[str]] = (), *, href: Callable[[Collection[str]], str] = lambda _names: "",
    paper: tuple[float, float] | None = None,
) -> Figure | None:  # fmt: skip
    """Map of a network with the states of its devices; None without devices.

    `down`: devices that have failed in a what-if; the lines at them are lost. `waves`: devices of a change, in order.
    `href`: address of the page of the devices of a box. `paper`: room in mm, for which wide and deep tiers are folded.
    """
    wave = {name: number for number, names in enumerate(waves, 1) for name in names}
    pairs = _pairs(network.links, frozenset(down))
    widest, highest = (size * _LEGIBLE for size in paper) if paper else (inf, len(network.nodes) * _ROW)
    tiers = _tiers(network, pairs, int(highest / _ROW) - 1)
    counts = states.counts
    boxes = {
        node.id: MapBox(
            node.id, tiers[node.id], (clean(node.id), _state(counts[node.id], language)),
            _worst(counts[node.id]), single=node.id in states.single, site=",".join(node.venues),
        )
        for node in network.nodes
    }  # fmt: skip
    if not boxes:
        return None
    nodes, lines, within = folded([box.node() for box in boxes.values()], pairs, widest=widest)
    shown = [
        _waved(
            replace(_together(names, boxes, counts, language), href=href(names)),
            sorted({wave[name] for name in names if name in wave}), language,
        )
        for names in (within.get(node.name, (node.name,)) for node in nodes)
    ]  # fmt: skip
    carried: dict[Pair, LineState] = {pair: pairs.get(pair, pairs.get(pair[::-1], "carrying")) for pair in lines}
    layout = lay_out([box.node() for box in shown], lines)
    return network_map(
        shown, carried, layout, _words(language), language.phrase("page:map_caption"), room=paper or PORTRAIT
    )


def _pairs(links: Iterable[NetworkLink], down: frozenset[str]) -> dict[Pair, LineState]:
    """Lines between two devices with the worst state of their cables."""
    states: dict[Pair, LineState] = {}
    for link in links:
        one, other = sorted((link.source, link.target))
        if one == other:
            continue
        state = "lost" if down & {one, other} else _STATES.get(link.state, "lost")
        states[one, other] = min(state, states.get((one, other), "carrying"), key=_RANK.index)
    return states


def _tiers(network: NetworkGraph, pairs: Collection[Pair], deepest: int) -> dict[str, int]:
    """Tier of each device: its distance from the origins; devices without a way from there are below all others."""
    near: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    names = [node.id for node in network.nodes]
    origins = sorted({origin.device for origin in network.origins} & near.keys())
    starts = origins or sorted(near, key=lambda name: (-len(near[name]), name))[:1]
    tiers = dict.fromkeys(starts, 0)
    waiting = list(tiers)
    for name in waiting:
        for far in sorted(near[name] - tiers.keys()):
            tiers[far] = tiers[name] + 1
            waiting.append(far)
    below = max(tiers.values(), default=-1) + 1
    loose = [name for name in names if name not in tiers]
    tiers |= {name: below + number // _LOOSE for number, name in enumerate(loose)}
    return {name: min(tier, deepest) for name, tier in tiers.items()}


def _worst(counts: Mapping[str, int]) -> str:
    return next((status for status in _STATUSES if counts.get(status)), "")


def _state(counts: Mapping[str, int], language: Language) -> str:
    """Worst status in words, with the number of such findings unless passed."""
    status = _worst(counts)
    if not status:
        return "-"
    word = language.status(status)
    return word if status == "pass" else f"{word} {language.number(counts[status])}"


def _together(
    names: Collection[str], boxes: Mapping[str, MapBox], counts: Mapping[str, Counter[str]], language: Language
) -> MapBox:
    """Return the box of a device, or of several folded ones."""
    first, *rest = names
    box = boxes[first]
    if not rest:
        return box
    total = sum((counts[name] for name in names), Counter[str]())
    lines = (language.phrase("page:map_devices", count=len(names), first=clean(first)), _state(total, language))
    single = any(boxes[name].single for name in names)
    return MapBox(first, box.tier, lines, _worst(total), single=single, site=box.site)


def _waved(box: MapBox, waves: Sequence[int], language: Language) -> MapBox:
    """Box with the numbers of its waves."""
    if not waves:
        return box
    return replace(
        box, lines=(*box.lines, language.phrase("page:map_wave", waves=", ".join(map(str, waves)))), marked=True
    )


def _words(language: Language) -> MapWords:
    return MapWords(
        {status: language.status(status) for status in _STATUSES},
        language.phrase("page:map_single"),
        {
            "carrying": language.phrase("page:map_carrying"),
            "lost": language.phrase("page:map_lost"),
            "not_measured": language.status("not_measured"),
        },
    )
