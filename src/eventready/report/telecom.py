"""What was measured, topic by topic, in the words of a department; and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eventready.clock import TZ
from eventready.duty.privacy import mask_text
from eventready.duty.words import moment_of
from eventready.report.document.model import Block
from eventready.report.draft import Draft
from eventready.report.material import Clause, Material
from eventready.report.model import ORDER, Line
from eventready.report.pictures import Bar, Level, levels, stacked
from eventready.report.squares import matrix, tally
from eventready.report.tables import measures, quoted, verdict_table
from eventready.report.topics import Results, Topic, TopicKey

#: Findings named in the text of a topic; the rest stands in the annex.
NAMED = 5

#: Loads shown as a chart.
_LOADS = ("utilisation", "channel_load", "radio_utilisation")
_SHOWN = 8


def before_the_week(material: Material) -> datetime | None:
    """When the run was made that the week's paper rests on, if that was before the week; None for one in it."""
    if material.run is None:
        return None
    document = material.run.document
    ran = moment_of(str(document.get("clock", {}).get("event") or document["started"]))
    return ran if ran.astimezone(TZ).date() < material.week.first else None


def overall(draft: Draft, results: Results) -> list[Block]:
    """The verdict by venue and service, what it rests on, and a picture of all topics."""
    document = results.run.document
    coverage = document.get("coverage", {})
    devices = document.get("devices", ())
    reached = sum(bool(device.get("reachable")) for device in devices)
    measured, needed = int(coverage.get("measured", 0)), int(coverage.get("needed", 0))
    share = draft.language.percent(measured / needed if needed else 0.0)
    rows = matrix(document, results.place)
    ran = before_the_week(draft.material) if draft.kind == "weekly" else None
    blocks: list[Block] = [draft.p("earlier_run", when=ran)] if ran else []
    blocks += [
        draft.p("coverage", reached=reached, devices=len(devices), measured=measured, needed=needed, share=share)
    ]
    if document.get("state", "finished") != "finished":
        blocks.append(draft.p("interrupted"))
    if not measured:
        return [*blocks, draft.p("nothing_measured")]
    verdicts = [f"{number} {title.lower()}" for _key, title, number in tally(rows, draft.language) if number]
    services = sum(bool(square.verdict) for row in rows for square in row.squares)
    blocks.append(draft.p("verdicts", services=services, venues=len(rows), tally="; ".join(verdicts)))
    blocks += [verdict_table(draft, results), draft.note("verdict_note")]
    bars = [Bar(draft.say(f"topic_{key}"), topic.counts) for key, topic in results.topics.items() if topic.lines]
    words = {status: draft.language.status(status) for status in ORDER}
    return [*blocks, stacked(bars, words, draft.say("figure_topics"))]


def topic(draft: Draft, found: Topic, annex: str) -> list[Block]:
    """One topic: how many of each, the worst by name, and what was not measured."""
    if not found.lines:
        return [draft.p("topic_none")]
    counts = found.counts
    told = [
        f"{counts[status]} {draft.language.status(status).lower()}"
        for status in ("pass", "warn", "fail", "waived", "not_measured")
        if counts[status]
    ]
    blocks: list[Block] = [draft.p("topic_counts", all=len(found.lines), devices=found.devices, tally=", ".join(told))]
    blocks += draft.bullets([item(draft, line) for line in found.bad[:NAMED]])
    if len(found.bad) > NAMED:
        blocks.append(draft.p("topic_more", count=len(found.bad) - NAMED, annex=annex))
    if found.unmeasured:
        blocks.append(draft.p("topic_not_measured", count=found.unmeasured))
    return blocks


def item(draft: Draft, line: Line) -> str:
    """A finding as a point."""
    return draft.say("item", device=line.device, message=line.message, status=draft.language.status(line.status))


def loads(draft: Draft, results: Results) -> list[Block]:
    """The busiest links and cells as a chart; nothing where no load was measured."""
    found = [f for f in measures(results) if str(f.get("check")) in _LOADS][:_SHOWN]
    rows = [
        Level(
            mask_text(f"{f['device']} {draft.language.subject(str(f['subject']))}")[:34],
            float(f["value"]),
            float(f["limit"]),
            f"{draft.language.number(f['value'])}%",
        )
        for f in found
    ]
    return [levels(rows, draft.say("figure_loads"), draft.say("limit_word"))] if rows else []


def unmeasured(draft: Draft, results: Results) -> list[Block]:
    """What is not known, and why, in words for people who do not run networks."""
    lines = [line for line in results.lines if line.status == "not_measured"]
    if not lines:
        return [draft.p("unmeasured_none")]
    silent = [device for device in results.run.document.get("devices", ()) if not device.get("reachable")]
    quiet = {str(device["name"]) for device in silent}
    lost = [line for line in lines if line.device in quiet and not line.blind]
    failed = [line for line in lines if line.device not in quiet and not line.blind]
    blind = [line for line in lines if line.blind]
    blocks: list[Block] = [draft.p("unmeasured", count=len(lines))]
    items = []
    if silent:
        names = ", ".join(sorted(quiet))
        items.append(draft.say("unmeasured_silent", devices=len(silent), names=names, count=len(lost)))
    if failed:
        devices = sorted({line.device for line in failed})
        items.append(draft.say("unmeasured_failed", count=len(failed), names=", ".join(devices)))
    if blind:
        checks = sorted({line.check_title for line in blind})
        items.append(draft.say("unmeasured_blind", count=len(blind), checks=", ".join(checks).lower()))
    return [*blocks, *draft.bullets(items)]


def clause_points(draft: Draft, clauses: Sequence[Clause] | None, ids: Sequence[str]) -> list[Block]:
    """How clauses stand, one point each; said when nobody has told yet. `ids` end with `*` for a whole group."""
    if clauses is None:
        return [draft.p("clauses_unknown")]
    wanted = [clause for clause in clauses if any(_matches(clause.duty.id, pattern) for pattern in ids)]
    if all(clause.state == "not_applicable" for clause in wanted):
        return [draft.p("clauses_not_ours")]
    return draft.bullets(
        draft.say(
            "clause_item",
            duty=quoted(draft, clause.duty),
            state=draft.say(f"clause_{clause.state}").lower(),
            reason=f" {draft.say('because', reason=clause.reason)}" if clause.reason else "",
        )
        for clause in wanted
    )


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


#: The points of the telecommunications section with the clauses that no device proves.
POINTS: tuple[tuple[TopicKey | None, str, tuple[str, ...]], ...] = (
    ("network", "head_network", ()),
    ("traffic", "head_traffic", ()),
    ("backup", "head_backup", ()),
    ("stations", "head_stations", ()),
    ("wifi", "head_wifi", ()),
    (None, "head_priority", ("1.1d",)),
    (None, "head_resources", ("1.2e", "1.2f", "1.2g")),
    (None, "head_promotions", ("1.4",)),
)


def telecom(draft: Draft, results: Results | None, annex: str) -> list[Block]:
    """The whole section on telecommunications."""
    blocks: list[Block] = [draft.outline.clause(draft.say("head_telecom"))]
    blocks.append(draft.outline.point(draft.say("head_overall")))
    blocks += overall(draft, results) if results else [draft.p("no_run")]
    for key, head, ids in POINTS:
        blocks.append(draft.outline.point(draft.say(head)))
        if key is None:
            blocks += clause_points(draft, draft.material.clauses, ids)
        elif results is None:
            blocks.append(draft.p("topic_none"))
        else:
            blocks += topic(draft, results.topics[key], annex)
            blocks += loads(draft, results) if key == "traffic" else []
    return blocks
