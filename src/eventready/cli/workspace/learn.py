"""`eventready inventory learn`: expectations from the state of the network."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from eventready.audit.audit import AuditOptions, audit
from eventready.audit.run_builder import recorded_network
from eventready.audit.tasks import ask
from eventready.cli.context import App
from eventready.cli.progress import ProgressBars
from eventready.cli.signing import current_user
from eventready.cli.workspace.proposals import LearnDecision, NotRead, as_json, decide, proposal_lines
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.files import write_atomic
from eventready.core.messages import Bilingual, Message, Text, from_json, message
from eventready.facts.equipment import Equipment
from eventready.network.learn.learn import LearnSetting, facts_read, learn
from eventready.network.learn.patterns import NamePatterns, VenuePattern
from eventready.network.learn.proposal import KINDS, LearnResult, Proposal
from eventready.store.run import Run
from eventready.store.run_records import RunObservation, UnreadRecord
from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.select import select
from eventready.workspace.importing.expectations import ExpectationChange, expectation_entries
from eventready.workspace.importing.merge import merge, write_hosts
from eventready.workspace.inventory import load_inventory
from eventready.workspace.settings.event import Event, unknown_venue
from eventready.workspace.settings.learning import Acceptance, Ignored, learn_text, load_learning
from eventready.workspace.unsaid import unsaid
from eventready.workspace.workspace import Workspace

#: Suffix of a kind of `--accept` that takes also what is in question.
_OPEN = ":open"


def learn_command(
    app: App,
    *,
    limit: str | None,
    saved: Path | None,
    run_name: str,
    venues: tuple[str, ...],
    critical: tuple[str, ...],
    mobile: tuple[str, ...],
    users: tuple[str, ...],
    clients: tuple[str, ...],
    accepted: tuple[str, ...],
    prune: bool,
    check: bool,
    by: str,
    workers: int | None,
) -> int:
    """Propose expectations from the state of the network: links, neighbours, gateways, cells, access points,
    services.
    """
    if saved and run_name:
        raise UsageError(message("learn:both_sources"))
    if check and (accepted or prune):
        raise UsageError(message("learn:check_only"))
    workspace = app.workspace if saved or run_name else app.allowed_workspace
    numbers = (tuple(_numbers(option, texts)) for option, texts in (("--users", users), ("--clients", clients)))
    patterns = NamePatterns(_patterns(venues, workspace), mobile, critical, *numbers)
    kinds = _kinds(accepted)
    devices = select(workspace.devices, limit)
    equipment = app.equipment.only(devices)
    reading = workspace.event.reading.given(workers=workers)
    run = _run(app, workspace, equipment, run_name, AuditOptions(**dict(reading), saved=saved, wide=True))
    ignored = load_learning(_file(workspace)).ignore
    gaps = tuple(unsaid(workspace.event, workspace.devices))
    setting = LearnSetting(
        workspace.event.origins, patterns, ignored, _questions(workspace.event), gaps, workspace.unmapped
    )
    facts = recorded_network(workspace.devices, run)
    result = _selected(learn(facts, setting), devices, workspace.devices)
    if not (saved or run_name) and (questions := _open_answers(result)):
        answers = ask(workspace, app.equipment, questions, reading.workers)
        result = _selected(learn(facts.joined(answers), setting), devices, workspace.devices)
    not_read = tuple(_not_read(run, equipment))
    decision = LearnDecision()
    dialogue = not (check or kinds) and app.shows_progress and sys.stdin.isatty()
    app.display(proposal_lines(result, not_read, app.lang, run=run.id))
    if app.for_people and not (result.proposals or not_read):
        app.notify("learn:nothing")
    if dialogue:
        decision = decide(result.proposals, app.lang, prune=prune)
    elif not check:
        decision = LearnDecision(tuple(_accepted(result.proposals, kinds, prune=prune)))
    written = _write(app, workspace, decision, run, by)
    app.show({"run": run.id, **as_json(result, not_read, decision.accepted)})
    if app.for_people and result.proposals and not (check or kinds or dialogue):
        raise UsageError(message("learn:none_accepted"), do=message("learn:none_accepted.do"))
    if written:
        app.notify("learn:written", **written)
    different = check and bool(result.proposals)
    return most_severe({Exit.INCOMPLETE if not_read else Exit.OK, Exit.FINDINGS if different else Exit.OK})


def _file(workspace: Workspace) -> Path:
    return workspace.path / "inventory" / "learn.yaml"


# --- input ----------------------------------------------------------------------------------------------------------


def _patterns(texts: Sequence[str], workspace: Workspace) -> tuple[VenuePattern, ...]:
    """Venues by pattern. Raises UsageError for another form, and for a venue missing from event.yaml."""
    patterns = []
    for text in texts:
        glob, _equals, venue = text.rpartition("=")
        if not (glob and venue):
            raise UsageError(message("learn:venue.pattern", text=text), do=message("learn:venue.pattern.do"))
        if venue not in workspace.event.venue_ids:
            what, do = unknown_venue(venue, workspace.event)
            raise UsageError(what, do=do)
        patterns.append(VenuePattern(glob, venue))
    return tuple(patterns)


def _numbers(option: str, texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Numbers by pattern. Raises UsageError for another form."""
    for text in texts:
        glob, _equals, number = text.rpartition("=")
        if not (glob and re.fullmatch(r"[1-9][0-9]{0,3}", number)):
            raise UsageError(message("learn:number.pattern", option=option, text=text))
        yield glob, int(number)


def _questions(event: Event) -> dict[str, set[str]]:
    """Subjects of the questions of event.yaml, by asking device."""
    found: dict[str, set[str]] = {}
    for answer in (one for venue in event.venues for answers in venue.answers.values() for one in answers):
        for device in answer.askers:
            found.setdefault(device, set()).add(answer.subject)
    return found


def _kinds(texts: Sequence[str]) -> Mapping[str, bool]:
    """Kinds to accept, with True for those in question as well. Raises UsageError for an unknown kind."""
    kinds: dict[str, bool] = {}
    for word in (part.strip() for text in texts for part in text.split(",") if part.strip()):
        kind = word.removesuffix(_OPEN)
        if kind not in (*KINDS, "all"):
            raise UsageError(message("learn:accept.kind", kind=kind), do=message("learn:accept.kind.do"))
        for one in KINDS if kind == "all" else (kind,):
            kinds[one] = kinds.get(one, False) or word.endswith(_OPEN)
    return kinds


def _run(app: App, workspace: Workspace, equipment: Equipment, name: str, options: AuditOptions) -> Run:
    """Return the named run, else the run of a new reading of all facts."""
    with app.open_store() as store, ProgressBars(interactive=app.shows_progress, lang=app.lang) as bars:
        if name:
            return store.get(name)
        return audit(workspace, equipment, store=store, clock=app.clock, options=options, progress=bars).run


def _open_answers(result: LearnResult) -> dict[str, list[ExpectedAnswer]]:
    """Open questions about the answers of hosts, by device."""
    found: dict[str, list[ExpectedAnswer]] = {}
    for one in result.proposals:
        if one.kind == "answers" and one.question:
            found.setdefault(one.device, []).append(ExpectedAnswer.model_validate(one.value))
    return found


def _not_read(run: Run, equipment: Equipment) -> Iterator[NotRead]:
    """Yield the facts without an answer, and the unread records of the others."""
    seen = {(entry.device, entry.fact): entry for entry in run.observations()}
    for device in equipment.devices:
        offered = equipment.named(device.platform).facts
        for fact in facts_read(device.role):
            entry = seen.get((device.name, fact))
            if entry is None and fact in offered:
                yield NotRead(device.name, fact, message("learn:not_asked"))
            elif entry is not None and not (entry.measured or entry.status == "unsupported"):
                yield NotRead(device.name, fact, _reason(entry))
            elif entry is not None:
                for record in entry.unread:
                    yield NotRead(device.name, fact, _reason(record), record.subject)


def _reason(entry: RunObservation | UnreadRecord) -> str | Text:
    """Return the reason of an observation or an unread record, in English without a message."""
    with suppress(TypeError):
        if isinstance(found := from_json(entry.reason_message), Message | Bilingual):
            return found
    return entry.reason


def _selected(result: LearnResult, devices: Sequence[Device], workspace: Sequence[Device]) -> LearnResult:
    """Keep the proposals at these devices, and the links to them; and the questions about none of the others."""
    names = {device.name for device in devices}
    proposals = tuple(
        one for one in result.proposals
        if one.device in names or (one.kind == "links" and one.value is not None and one.value["device"] in names)
    )  # fmt: skip
    unknown_neighbours = tuple(
        one for one in result.unknown_neighbours if names.intersection(device for device, _port in one.seen_by)
    )
    others = {device.name for device in workspace} - names
    return LearnResult(proposals, unknown_neighbours, tuple(one for one in result.unsaid if one.about not in others))


# --- outcome --------------------------------------------------------------------------------------------------------


def _accepted(proposals: Sequence[Proposal], kinds: Mapping[str, bool], *, prune: bool) -> Iterator[Proposal]:
    for one in proposals:
        if one.kind not in kinds or one.value is None:
            continue
        if one.state == "healthy" or (one.state == "absent" and prune) or (one.state != "absent" and kinds[one.kind]):
            yield one


def _write(app: App, workspace: Workspace, decision: LearnDecision, run: Run, by: str) -> dict[str, int]:
    """Write hosts.yaml and learn.yaml. Return the numbers of values, none for nothing."""
    if not decision.accepted and not decision.ignored:
        return {}
    person, at = current_user(by)[0], app.clock.real().replace(microsecond=0)
    added = [one for one in decision.accepted if one.state != "absent"]
    removed = [one for one in decision.accepted if one.state == "absent"]
    changes = list(_changes(workspace, decision.accepted))
    files, _devices = load_inventory(workspace.path / "inventory", workspace.event)  # edited during the dialogue, maybe
    record = Acceptance(at=at, by=person, run=run.id, added=_by_device(added), removed=_by_device(removed))
    ignore = [Ignored.exactly(one.device, one.kind, one.subject, by=person, at=at) for one in decision.ignored]
    file = _file(workspace)
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    content = learn_text(old, accepted=record if decision.accepted else None, ignore=ignore)
    merged = merge(workspace.path / "inventory" / "hosts.yaml", expectation_entries(files, changes))
    if merged.differences:  # the record first: what a crash leaves out of hosts.yaml is proposed again
        write_hosts(file.parent, workspace.event, replace(merged, others={file.name: content}))
    else:
        write_atomic(file, content.encode(), what=file.name)
    return {"added": len(added), "removed": len(removed)}


def _changes(workspace: Workspace, accepted: Sequence[Proposal]) -> Iterator[ExpectationChange]:
    """Changes of hosts.yaml; the site of a cell is left out unless expected too."""
    sites = {(device.name, site.name) for device in workspace.devices for site in device.expect.sites}
    sites |= {(one.device, one.subject) for one in accepted if one.kind == "sites"}
    for one in accepted:
        value = one.value
        if one.kind == "cells" and one.state != "absent" and (one.device, value.get("site")) not in sites:
            value = {key: part for key, part in value.items() if key != "site"}
        yield ExpectationChange(one.device, one.kind, value, one.state == "absent")


def _by_device(proposals: Sequence[Proposal]) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in proposals:
        kinds = found.setdefault(one.device, {})
        kinds[one.kind] = (*kinds.get(one.kind, ()), one.subject)
    return found
