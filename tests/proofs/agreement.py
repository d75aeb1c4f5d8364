"""Agreement of prediction, audit, watch and capacity about a failure, and what blanks and names may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eventready.evaluation.verdicts import Readiness
from tests.proofs import product
from tests.proofs.product import Audited, Network, Place, State, States

_GOOD = (Readiness.READY, Readiness.READY_WITH_RISK)


def contradictions(
    before: Network, after: Network, names: Sequence[str], expected: States | None = None, *, unseen: bool = False
) -> list[str]:
    """Services of which one of the four says something else about a failure than is expected, or than what-if.

    `unseen`: a device failed that no other device sees: that it is silent is no proof of a loss.
    """
    answers = {
        "what-if": product.predicted(before, names),
        "audit": product.audited(after),
        "watch": product.watched(before, after),
    }
    truth = answers["what-if"] if expected is None else expected
    found = [
        f"{' '.join(place)}: {who} {states[place]}, not {state}"
        for who, states in answers.items() for place, state in truth.items()
        if not _agrees(states[place], state, unseen=unseen and who != "what-if")
    ]  # fmt: skip
    return [f"{', '.join(names)}: {one}" for one in (*found, *_of_capacity(after, truth))]


def _agrees(found: State, expected: State, *, unseen: bool) -> bool:
    return found == expected or (unseen and (expected, found) == ("lost", "unmeasured"))


def _of_capacity(after: Network, truth: States) -> Iterator[str]:
    """Services with a demand for which the links carry nothing though nobody lost them."""
    for place, carries in product.carried(after).items():
        if not carries and truth.get(place, "lost") != "lost":
            yield f"{' '.join(place)}: capacity lost, not {truth[place]}"


def unseen(network: Network, names: Sequence[str]) -> bool:
    """True where a device among these has no cable that another device shows."""
    cabled = {device for one in product.elements(network) if one.kind == "link" for device in one.devices}
    devices = {one.name for one in product.elements(network) if one.kind == "device"}
    return any(name in devices - cabled for name in names)


def improved(whole: Audited, blanked: Audited) -> Mapping[Place, tuple[str, str]]:
    """Verdicts that blanks may not give: better ones than the whole reading has, and failures that it has not."""
    pairs = {place: (verdict, blanked.verdicts[place]) for place, verdict in whole.verdicts.items()}
    return {place: (str(one), str(other)) for place, (one, other) in pairs.items() if not _allowed(one, other)}


def _allowed(whole: Readiness, blanked: Readiness) -> bool:
    if whole is Readiness.NOT_READY:
        return blanked in (Readiness.NOT_READY, Readiness.NOT_MEASURED)
    if blanked is Readiness.NOT_READY:
        return False
    return blanked is Readiness.NOT_MEASURED or (whole in _GOOD and _GOOD.index(whole) <= _GOOD.index(blanked))
