"""`report plan`: the assurance plan of clause 1.1a, from the inventory, the venues and the office's own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eventready.clock import TZ
from eventready.report.dates import fit
from eventready.report.document.model import Block, Column, Document, Paragraph, Span, Table
from eventready.report.document.profile import Profile
from eventready.report.draft import Draft
from eventready.report.lines import natural
from eventready.report.material import Material
from eventready.report.tables import column, numbered, ordinal, quoted
from eventready.report.words import Lang
from eventready.workspace.device import ROLE_SERVICES, Device
from eventready.workspace.event import Venue


def plan(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The plan. What the inventory does not tell (venues without a reserve, say) is said to be missing."""
    draft = Draft("plan", material, profile, lang)
    outline, standing = draft.outline, profile.standing
    head = draft.head()
    opening = len(draft.paper.opening)
    before, after = head[: len(head) - opening], head[len(head) - opening :]
    blocks: list[Block] = [*before, *(_basis(draft, line) for line in _ended(material.event.basis)), *after]
    draft.annex("annex_inventory", [_inventory(draft)], landscape=True)
    draft.annex("annex_assignment", [_assignment(draft)], landscape=True)
    blocks += [
        outline.section(draft.say("head_purpose")),
        outline.clause(draft.say("head_aims")),
        *draft.paragraphs(standing.purpose),
        outline.clause(draft.say("head_demands")),
        *draft.paragraphs(standing.demands),
        outline.section(draft.say("head_scope")),
        _venues(draft),
        *_windows(draft),
        outline.section(draft.say("head_today")),
        *_today(draft),
        outline.section(draft.say("head_measures")),
        outline.clause(draft.say("head_redundancy")),
        *_redundancy(draft),
        outline.clause(draft.say("head_mobile")),
        *_mobile(draft),
        outline.clause(draft.say("head_wifi")),
        *_wifi(draft),
        outline.clause(draft.say("head_scenarios")),
        *_scenarios(draft),
        outline.section(draft.say("head_steps")),
        *_phases(draft),
        outline.section(draft.say("head_organisation")),
        *draft.paragraphs(standing.organisation),
        *draft.close(),
    ]
    return draft.document(blocks)


def _ended(lines: Sequence[str]) -> list[str]:
    """What the plan rests on: a semicolon after each line, a full stop after the last."""
    return [f"{line.rstrip('.;')}{'.' if index == len(lines) else ';'}" for index, line in enumerate(lines, 1)]


def _basis(draft: Draft, line: str) -> Paragraph:
    return Paragraph((Span(draft.say("basis", text=line)),), "basis")


def _venues(draft: Draft) -> Table:
    rows = (
        (_named(draft, venue), ", ".join(draft.language.service(service) for service in venue.services))
        for venue in draft.material.event.venues
    )
    return Table(
        draft.say("sheet_venues"),
        (ordinal(draft), column(draft, "venue", 6), column(draft, "services", 7)),
        numbered(rows),
        caption=draft.say("caption_venues"),
    )


def _named(draft: Draft, venue: Venue) -> str:
    return fit((venue.name_vi if draft.lang == "vi" else venue.name) or venue.name)


def _windows(draft: Draft) -> list[Block]:
    windows = sorted(draft.material.event.windows, key=lambda window: window.start)
    if not windows:
        return [draft.p("windows_none")]
    return [
        draft.p("windows"),
        *draft.bullets(
            draft.say(
                "plan_window",
                name=(window.name_vi if draft.lang == "vi" else window.name) or window.name or window.kind,
                start=window.start,
                end=window.end,
            )
            for window in windows
        ),
    ]


def _today(draft: Draft) -> list[Block]:
    """How many devices of each role serve each venue."""
    devices = draft.material.devices
    if not devices:
        return [draft.p("inventory_none")]
    roles = list(dict.fromkeys(device.role for device in devices))
    rows = []
    for venue in draft.material.event.venues:
        serving = [device for device in devices if venue.id in device.venues]
        points = sum(ap.venue in (None, venue.id) for device in serving for ap in device.expect.access_points)
        cells = sum(cell.venue in (None, venue.id) for device in serving for cell in device.expect.cells)
        counts = (sum(device.role == role for device in serving) for role in roles)
        rows.append((_named(draft, venue), *map(str, counts), str(cells), str(points)))
    table = Table(
        draft.say("sheet_today"),
        (
            ordinal(draft),
            column(draft, "venue", 5),
            *(Column(draft.language.role(role), 2.4, "right", "number") for role in roles),
            Column(draft.say("station_cell"), 2, "right", "number"),
            Column(draft.say("station_ap"), 2.4, "right", "number"),
        ),
        numbered(rows),
        caption=draft.say("caption_today"),
    )
    endpoints = len({device.endpoint or device.name for device in devices})
    return [draft.p("today", devices=len(devices), endpoints=endpoints), table, draft.note("today_note")]


def _redundancy(draft: Draft) -> list[Block]:
    """Pairs of gateways, bundles and controllers by venue, and the venues that have none."""
    blocks: list[Block] = [draft.p("redundancy")]
    for venue in draft.material.event.venues:
        serving = [device for device in draft.material.devices if venue.id in device.venues]
        items = [
            said for said in (_pairs(draft, serving), _bundles(draft, serving), _controllers(draft, serving)) if said
        ]
        blocks += draft.bullets(
            [
                draft.say("redundancy_venue", venue=_named(draft, venue), how="; ".join(items))
                if items
                else draft.say("redundancy_missing", venue=_named(draft, venue))
            ]
        )
    return blocks


def _pairs(draft: Draft, devices: Sequence[Device]) -> str:
    groups: dict[tuple[str, str | None], set[str]] = {}
    for device in devices:
        for gateway in device.expect.gateways:
            groups.setdefault((gateway.protocol.upper(), gateway.virtual_ip), set()).add(device.name)
    pairs = {(protocol, tuple(sorted(names))) for (protocol, _), names in groups.items() if len(names) > 1}
    said = (f"{' - '.join(names)} ({protocol})" for protocol, names in sorted(pairs, key=lambda pair: pair[1]))
    text = ", ".join(said)
    return draft.say("redundancy_gateways", pairs=text) if text else ""


def _bundles(draft: Draft, devices: Sequence[Device]) -> str:
    count = sum(len(device.expect.bundles) for device in devices)
    return draft.say("redundancy_bundles", count=count) if count else ""


def _controllers(draft: Draft, devices: Sequence[Device]) -> str:
    names = sorted(device.name for device in devices if device.expect.controller_pair)
    return draft.say("redundancy_controllers", names=", ".join(names)) if names else ""


def _mobile(draft: Draft) -> list[Block]:
    stations = sorted(
        {(site.name, site.venue or "") for d in draft.material.devices for site in d.expect.sites if site.mobile}
    )
    if not stations:
        return [draft.p("mobile_none")]
    names = {venue.id: _named(draft, venue) for venue in draft.material.event.venues}
    return [
        draft.p("mobile", count=len(stations)),
        *draft.bullets(
            draft.say("mobile_item", name=name, venue=names.get(venue, draft.say("venue_unknown")))
            for name, venue in stations
        ),
    ]


def _wifi(draft: Draft) -> list[Block]:
    names = {venue.id: _named(draft, venue) for venue in draft.material.event.venues}
    counts: dict[str, list[bool]] = {}
    for device in draft.material.devices:
        for point in device.expect.access_points:
            venue = point.venue or (device.venues[0] if len(device.venues) == 1 else "")
            counts.setdefault(venue, []).append(point.critical)
    if not counts:
        return [draft.p("wifi_none")]
    return [
        draft.p("wifi"),
        *draft.bullets(
            draft.say(
                "wifi_item", venue=names.get(venue, draft.say("venue_unknown")), count=len(points), critical=sum(points)
            )
            for venue, points in sorted(counts.items())
        ),
    ]


def _scenarios(draft: Draft) -> list[Block]:
    if not draft.profile.scenarios:
        return [draft.p("scenarios_none")]
    rows = (
        tuple(draft.office(text) for text in (case.situation, case.sign, case.action, case.owner))
        for case in draft.profile.scenarios
    )
    return [
        draft.p("scenarios"),
        Table(
            draft.say("sheet_scenarios"),
            (
                ordinal(draft),
                column(draft, "situation", 4),
                column(draft, "sign", 4),
                column(draft, "action", 6),
                column(draft, "owner", 3),
            ),
            numbered(rows),
        ),
    ]


def _phases(draft: Draft) -> list[Block]:
    if not draft.profile.phases:
        return []
    rows = ((draft.office(phase.when), draft.office(phase.work)) for phase in draft.profile.phases)
    return [
        Table(
            draft.say("sheet_phases"),
            (ordinal(draft), column(draft, "when", 4), column(draft, "work", 9)),
            numbered(rows),
        )
    ]


def _inventory(draft: Draft) -> Table:
    language, event = draft.language, draft.material.event
    names = {venue.id: _named(draft, venue) for venue in event.venues}
    rows = (
        (
            fit(device.name),
            language.role(device.role),
            fit(device.platform),
            ", ".join(names.get(venue, venue) for venue in device.venues),
            ", ".join(language.service(service) for service in device.services or ROLE_SERVICES[device.role]),
        )
        for device in _ordered(draft.material.devices)
    )
    return Table(
        draft.say("sheet_inventory"),
        (
            ordinal(draft),
            column(draft, "device", 3),
            column(draft, "role", 4),
            column(draft, "platform", 3),
            column(draft, "venues", 7),
            column(draft, "services", 5),
        ),
        numbered(rows),
    )


def _ordered(devices: Iterable[Device]) -> list[Device]:
    return sorted(devices, key=lambda device: natural(device.name))


def _assignment(draft: Draft) -> Table:
    rows = (
        (
            fit(duty.id),
            fit(quoted(draft, duty)),
            fit(duty.owner),
            draft.day(duty.due.astimezone(TZ).date()) if duty.due else fit(duty.deadline),
        )
        for duty in draft.material.duties
    )
    return Table(
        draft.say("sheet_assignment"),
        (
            ordinal(draft),
            column(draft, "clause", 1.6, "center"),
            column(draft, "duty", 10),
            column(draft, "owner", 5),
            column(draft, "due", 3.6),
        ),
        numbered(rows),
    )
