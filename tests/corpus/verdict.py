"""Verdicts: what a platform makes of an output, held against what others read in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from eventready.facts.observation import Observation, Status
from tests.corpus import genieparser, ntc
from tests.corpus.captured import HOME, Output
from tests.platforms.samples import Sample, all_samples

#: Share of the whole outputs in scope that must be read.
AT_LEAST = 0.98


class Outcome(StrEnum):
    """The outcome of an output. OUTSIDE: out of scope, since it is no whole answer, or has nothing of the fact.

    PARTIAL: read but for some records that are named as unread; counted as read.
    """

    READ = "read"
    PARTIAL = "partial"
    EMPTY = "empty"
    REFUSED = "refused"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Verdict:
    """Outcome of an output for a fact. `reason`: why it is not read; `false`: a value known to be false."""

    platform: str
    fact: str
    name: str
    outcome: Outcome
    reason: str = ""
    false: str = ""


def verdicts(platforms: Collection[str] = (), fact: str = "") -> Iterator[Verdict]:
    """Return the verdict on every capture, then on every sample; of some platforms, or of one fact."""
    for output in outputs():
        if (not platforms or output.platform.name in platforms) and fact in ("", output.compiled.name):
            yield of_capture(output)
    for sample in all_samples():
        if (not platforms or sample.platform in platforms) and fact in ("", sample.fact):
            yield of_sample(sample)


def outputs() -> list[Output]:
    """Return the captures of both corpora; none without them."""
    return [*ntc.outputs(), *genieparser.outputs()] if HOME.is_dir() else []


def of_capture(output: Output) -> Verdict:
    """Return the verdict on a capture."""
    outcome, reason = _outcome(output)
    false = ""
    if outcome in (Outcome.READ, Outcome.PARTIAL, Outcome.EMPTY) and not output.excuse:
        false = "; ".join(output.disagreements(output.observed)[:1])
    return Verdict(output.platform.name, output.compiled.name, output.name, outcome, reason, false)


def _outcome(output: Output) -> tuple[Outcome, str]:
    if output.other:
        return Outcome.OUTSIDE, f"another command: {output.other}"
    observed = output.observed
    if observed.unread:
        first = observed.unread[0]
        return Outcome.PARTIAL, f"{len(observed.rows)} rows, unread {first.subject}: {first.reason}"
    if observed.status.measured:
        return (Outcome.READ if observed.status is Status.PARSED else Outcome.EMPTY), ""
    if why := output.reason("without_end"):
        return (Outcome.EMPTY if output.ended.status is Status.EMPTY else Outcome.REFUSED), why
    if why := output.reason("outside") or output.reason("silent"):
        return Outcome.OUTSIDE, why
    return Outcome.REFUSED, refusal(observed)


def of_sample(sample: Sample) -> Verdict:
    """Return the verdict on a sample; one that does not give what stands beside it is false."""
    expected, observed = sample.expected, sample.observe()
    outcome, reason = Outcome.OUTSIDE, "a sample of what is refused"
    if expected.status.measured:
        outcome, reason = (Outcome.READ if observed.status is Status.PARSED else Outcome.EMPTY), ""
        if not observed.status.measured:
            outcome, reason = Outcome.REFUSED, refusal(observed)
    false = sample.complaint(observed) if observed.status.measured or outcome is Outcome.OUTSIDE else ""
    return Verdict(sample.platform, sample.fact, f"sample {sample.case}", outcome, reason, false)


def refusal(observed: Observation) -> str:
    """Return the reason of an observation with its first unmatched line."""
    line = f": {observed.unmatched[0]!r}" if observed.unmatched else ""
    return f"{observed.status}: {observed.reason}{line}"


def share(found: list[Verdict]) -> float:
    """Return the share of the outputs in scope that is read; 1 for none."""
    inside = [verdict for verdict in found if verdict.outcome is not Outcome.OUTSIDE]
    return 1 - sum(v.outcome is Outcome.REFUSED for v in inside) / len(inside) if inside else 1.0
