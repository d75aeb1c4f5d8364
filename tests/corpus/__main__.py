"""Report on the captures of real equipment and the samples: `python -m tests.corpus [PLATFORM ...] [--fact F] [-v]`.

A row per platform and fact: outputs read (with rows), honestly empty, refused, and out of scope; then each refused
output with its reason, and each false value. Exit status 1 where a value is known to be false, or less than 98% of the
whole outputs in scope are read.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

from tests.corpus.captured import HOME, name_of
from tests.corpus.verdict import AT_LEAST, Outcome, Verdict, outputs, share, verdicts


def main(words: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit status."""
    arguments = _arguments(words)
    found = list(verdicts(arguments.platform, arguments.fact))
    if not found:
        print("no output: name a platform of src/eventready/platforms and one of its facts")
        return 1
    if not HOME.is_dir():
        print(f"no captures in {HOME} (EVENTREADY_CAPTURES): the samples alone")
    _table(found)
    _details(found, verbose=arguments.verbose)
    if arguments.verbose and not (arguments.platform or arguments.fact):
        _without_fact()
    return _totals(found)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("platform", nargs="*", help="platforms (default: all)")
    parser.add_argument("--fact", default="", help="one fact only")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every output, with its outcome")
    return parser.parse_args(words)


def _table(found: list[Verdict]) -> None:
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in found:
        groups[verdict.platform, verdict.fact].append(verdict)
    heads = "".join(f"{outcome:>9}" for outcome in Outcome)
    print(f"{'platform':18}{'fact':18}{'outputs':>8}{heads}{'false':>7}{'share':>7}")
    for (platform, fact), group in sorted(groups.items()):
        print(f"{platform:18}{fact:18}{_figures(group)}")
    for platform in sorted({platform for platform, _ in groups}):
        print(f"{platform:18}{'all':18}{_figures([v for v in found if v.platform == platform])}")
    print(f"{'all':36}{_figures(found)}")


def _figures(group: list[Verdict]) -> str:
    counts = Counter(verdict.outcome for verdict in group)
    cells = "".join(f"{counts[outcome]:>9}" for outcome in Outcome)
    return f"{len(group):>8}{cells}{sum(bool(v.false) for v in group):>7}{share(group):>7.0%}"


def _details(found: list[Verdict], *, verbose: bool) -> None:
    for verdict in found:
        if verdict.false:
            print(f"FALSE {verdict.platform} {verdict.fact} {verdict.name}: {verdict.false}")
    for outcome in Outcome:
        named = [verdict for verdict in found if verdict.outcome is outcome]
        for verdict in named if verbose or outcome in (Outcome.REFUSED, Outcome.PARTIAL) else ():
            print(
                f"{outcome} {verdict.platform} {verdict.fact} {verdict.name}{verdict.reason and ': '}{verdict.reason}"
            )
    for reason, count in Counter(v.reason for v in found if v.outcome is Outcome.OUTSIDE).most_common():
        print(f"out of scope, {count}: {reason}")


def _without_fact() -> None:
    covered = {output.file for output in outputs()}
    files = [file for kind in ("*.raw", "*.txt") for file in HOME.rglob(kind) if file not in covered]
    folders = Counter(name_of(file.parent) for file in files)
    for folder, count in sorted(folders.items()):
        print(f"no fact asks for {folder}: {count}")


def _totals(found: list[Verdict]) -> int:
    false = sum(bool(verdict.false) for verdict in found)
    parts = {
        "captures": [verdict for verdict in found if not verdict.name.startswith("sample ")],
        "samples": [verdict for verdict in found if verdict.name.startswith("sample ")],
    }
    for name, part in parts.items():
        inside = sum(verdict.outcome is not Outcome.OUTSIDE for verdict in part)
        print(f"{name}: {inside} whole outputs in scope, {share(part):.1%} read")
    print(f"{false} false (at least {AT_LEAST:.0%} read and none false: exit 0)")
    return int(bool(false) or any(share(part) < AT_LEAST for part in parts.values()))


if __name__ == "__main__":
    sys.exit(main())
