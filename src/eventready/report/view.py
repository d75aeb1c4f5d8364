"""From run documents and raw texts to the report's view. Read `view` from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventready.duty.carried import ChangeOnRecord
from eventready.report.blocks import Blocks, Shelf, blocks
from eventready.report.change_lines import change_lines
from eventready.report.gaps import blind, reads, unreached, unread
from eventready.report.language import Language, clean
from eventready.report.lines import lines_of
from eventready.report.model import DutyRow, Group, Line, Part, Place, Readiness, counted, grouped
from eventready.report.squares import columns, matrix, tally
from eventready.report.trend import trend
from eventready.run import Run, Summary

#: Groups shown under "what is wrong"; the rest stands with the devices.
GROUPS = 400


def view(
    run: Run,
    language: Language,
    *,
    previous: Run | None = None,
    earlier: Sequence[Summary] = (),
    texts: Mapping[str, str] | None = None,
    changes: Sequence[ChangeOnRecord] = (),
) -> Readiness:
    """The view of one run. `texts` maps evidence hashes to raw texts; without it the report names them only.

    `changes` are those on record, oldest first; the latest is shown first.
    """
    document = run.document
    place = Place.of(document, language)
    lines = lines_of(document, place)
    squares = matrix(document, place)
    silent = unreached(document, lines, place)
    found = blocks(lines, Shelf(document, texts or {}, language), place)
    parts, groups_left_out = _parts(lines, place)
    summary = Summary.of(document)
    devices = document.get("devices", ())
    return Readiness(
        run=clean(run.id),
        event=_event_name(document, language),
        moment=language.moment(summary.moment, weekday=True),
        real=language.moment(str(document.get("started", ""))),
        rehearsal=summary.rehearsal,
        interrupted=document.get("state", "finished") != "finished",
        tool=clean(document.get("tool", "eventready")),
        seal=clean(document.get("sha256", ""))[:16],
        measured=summary.measured,
        needed=summary.needed,
        coverage=language.percent(summary.ratio),
        devices=len(devices),
        reached=sum(bool(device.get("reachable")) for device in devices),
        tally=tally(squares, language),
        services=sum(bool(square.verdict) for row in squares for square in row.squares),
        counts=counted(lines),
        columns=tuple(language.service(service) for service in columns(document)),
        matrix=squares,
        parts=parts,
        unreached=silent,
        unread=unread(lines, {device.device for device in silent}),
        blind=blind(lines),
        trend=trend(run, previous, earlier, language),
        duties=_duties(document, lines, language),
        blocks=found.loud,
        quiet=found.quiet,
        waivers=tuple(line for line in lines if line.status == "waived"),
        reads=reads(document, language, place),
        folded=_folded(found, groups_left_out, language),
        changes=change_lines(reversed(changes), language),
    )


def _event_name(document: Mapping[str, Any], language: Language) -> str:
    info = document.get("event_info", {})
    keys = ("name_vi", "name") if language.code == "vi" else ("name", "name_vi")
    return clean(next((info[key] for key in keys if info.get(key)), document.get("event", "")))


def _parts(lines: Sequence[Line], place: Place) -> tuple[tuple[Part, ...], int]:
    """Failures and warnings: first what several venues share, then venue by venue, then what serves none."""
    wrong = [line for line in lines if line.status in ("fail", "warn")]
    groups = grouped(wrong, place)
    shown = groups[:GROUPS]
    language = place.language
    alone = len(place.venue_names) < 2
    shared = [group for group in shown if len(group.venues) > 1 and not alone]
    parts = [Part(language.phrase("shared"), tuple(shared), is_shared=True)] if shared else []
    for venue in _venue_ids(shown, place):
        own = [group for group in shown if venue in group.venues and (alone or len(group.venues) == 1)]
        elsewhere = sum(len(group.lines) for group in shared if venue in group.venues)
        parts.append(Part(place.names([venue])[0], tuple(own), shared=elsewhere))
    homeless = [group for group in shown if not group.venues]
    if homeless:
        parts.append(Part(language.phrase("nowhere"), tuple(homeless)))
    return (tuple(parts) if wrong else ()), len(groups) - len(shown)


def _venue_ids(groups: Sequence[Group], place: Place) -> tuple[str, ...]:
    mentioned = {venue for group in groups for venue in group.venues}
    return (*place.venue_names, *sorted(mentioned - set(place.venue_names)))


def _duties(document: Mapping[str, Any], lines: Sequence[Line], language: Language) -> tuple[DutyRow, ...]:
    """Clauses in the order of the letter, as far as findings touch them; titles where the run carries them."""
    by_duty: dict[str, list[Line]] = {}
    for line in lines:
        for duty in line.duties:
            by_duty.setdefault(duty, []).append(line)
    titles = {
        clean(duty["id"]): clean(duty.get(language.code) or duty.get("vi") or "")
        for duty in document.get("event_info", {}).get("duties", ())
    }
    order = [*(duty for duty in titles if duty in by_duty), *sorted(set(by_duty) - set(titles))]
    return tuple(DutyRow(duty, titles.get(duty, ""), counted(by_duty[duty])) for duty in order)


def _folded(found: Blocks, groups: int, language: Language) -> tuple[str, ...]:
    counts = (("folded_rows", found.lines_left_out), ("folded_raw", found.raws_left_out), ("folded_groups", groups))
    return tuple(language.phrase(key, count=count) for key, count in counts if count)
