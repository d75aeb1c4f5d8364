"""`report plan`: the assurance plan, from inventory, venues, attested forms and the office's texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import itemgetter

from eventready.clauses.attestations.attestation import Values
from eventready.core.messages import Lang
from eventready.core.strings.texts import natural
from eventready.papers.dates import fit
from eventready.papers.document.model import Block, Column, Document, Table, paragraph
from eventready.papers.document.profile import PlanForm, Profile
from eventready.papers.document.sources import OUTLINE, cited
from eventready.papers.material.material import AttestedForm, Material
from eventready.papers.sections.annexes import add_map
from eventready.papers.sections.tables import columns, due_of, numbered_table, quoted, window_line
from eventready.papers.sections.writer import PaperWriter
from eventready.workspace.devices.device import Device, Service
from eventready.workspace.settings.event import Venue


def plan(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """Return the plan; parts missing in the workspace are named as missing."""
    writer = PaperWriter("plan", material, profile, lang)
    outline, standing = writer.outline, profile.standing
    head = writer.head()
    opening = len(writer.paper.opening)
    before, after = head[: len(head) - opening], head[len(head) - opening :]
    basis = (
        paragraph(writer.text("papers:basis", text=line), "basis", "event.yaml")
        for line in _ended(material.event.basis)
    )
    blocks: list[Block] = [*before, *basis, *after]
    writer.annex(writer.text("papers:annex_inventory"), cited("inventory", [_inventory(writer)]), landscape=True)
    writer.annex(writer.text("papers:annex_assignment"), cited("clause", [_assignment(writer)]), landscape=True)
    add_map(writer)
    blocks += [
        outline.section(writer.text("papers:head_purpose")),
        outline.clause(writer.text("papers:head_aims")),
        *writer.standing(standing.purpose),
        outline.clause(writer.text("papers:head_demands")),
        *writer.standing(standing.demands),
        outline.section(writer.text("papers:head_scope")),
        *cited("event.yaml", [_venues(writer), *_windows(writer)]),
        outline.section(writer.text("papers:head_today")),
        *cited("inventory", _today(writer)),
        outline.section(writer.text("papers:head_measures")),
        outline.clause(writer.text("papers:head_redundancy")),
        *cited("inventory", _redundancy(writer)),
        *_of_service(writer, "mobile", "papers:head_mobile", _mobile),
        *_of_service(writer, "wifi", "papers:head_wifi", _wifi),
        *_forms(writer),
        outline.clause(writer.text("papers:head_scenarios")),
        *cited(OUTLINE, _scenarios(writer)),
        outline.section(writer.text("papers:head_steps")),
        *cited("event.yaml", _steps(writer)),
        outline.section(writer.text("papers:head_organisation")),
        *writer.standing(standing.organisation),
        *writer.close(),
    ]
    return writer.document(blocks)


def _of_service(
    writer: PaperWriter, service: Service, head: str, blocks: Callable[[PaperWriter], list[Block]]
) -> list[Block]:
    """Return a section on a service; empty if no venue has the service."""
    if not any(service in venue.services for venue in writer.material.event.venues):
        return []
    return [writer.outline.clause(writer.text(head)), *cited("inventory", blocks(writer))]


def _forms(writer: PaperWriter) -> list[Block]:
    """Return a section per attested form of the profile; a form without rows is named as missing."""
    blocks: list[Block] = []
    for form in writer.profile.plan_forms:
        head = writer.office(form.head)
        blocks.append(writer.outline.clause(head))
        attested = writer.material.forms.get(form.document)
        rows = [row for row in attested.rows if _wanted(row, form)] if attested else []
        if attested is None or not rows:
            blocks += cited(f"form {form.document}", [writer.p("papers:form_missing")])
            continue
        day = writer.p("papers:form_attested", day=attested.at)
        shown = (Column(writer.office(title), 3) for title in form.columns.values())
        cells = (tuple(_cell(writer, attested, field, row.get(field)) for field in form.columns) for row in rows)
        blocks += cited(f"form {form.document}", [day, numbered_table(writer, head, shown, cells)])
    return blocks


def _wanted(row: Values, form: PlanForm) -> bool:
    return all(str(row.get(field)) in values for field, values in form.rows.items())


def _cell(writer: PaperWriter, form: AttestedForm, field: str, value: object) -> str:
    """A value of a form: numbers and moments as the language has them, choices and venues by name."""
    venues = _venue_names(writer)
    if isinstance(value, bool):
        return writer.term("papers:bool", str(value).lower())
    if isinstance(value, int | float):
        return writer.language.number(value)
    if isinstance(value, list | tuple):
        return ", ".join(_cell(writer, form, field, item) for item in value)
    if isinstance(value, datetime):
        return writer.moment(value, short=True)
    text = fit(value) if value not in (None, "") else "-"
    return venues.get(text) or form.words.get(field, {}).get(text, text)


def _ended(lines: Sequence[str]) -> list[str]:
    """The basis of the plan: a semicolon after each line, a full stop after the last."""
    return [f"{line.rstrip('.;')}{'.' if index == len(lines) else ';'}" for index, line in enumerate(lines, 1)]


def _venues(writer: PaperWriter) -> Table:
    rows = (
        (_named(writer, venue), ", ".join(writer.language.service(service) for service in venue.services))
        for venue in writer.material.event.venues
    )
    name, caption = writer.text("papers:sheet_venues"), writer.text("papers:caption_venues")
    return numbered_table(writer, name, columns(writer, venue=6, services=7), rows, caption=caption)


def _named(writer: PaperWriter, venue: Venue) -> str:
    return fit(venue.title.render(writer.lang))


def _venue_names(writer: PaperWriter) -> dict[str, str]:
    return {venue.id: _named(writer, venue) for venue in writer.material.event.venues}


def _windows(writer: PaperWriter) -> list[Block]:
    windows = sorted(writer.material.event.windows, key=lambda window: window.start)
    if not windows:
        return [writer.p("papers:windows_none")]
    return [writer.p("papers:windows"), *writer.bullets(window_line(writer, window) for window in windows)]


def _today(writer: PaperWriter) -> list[Block]:
    """The number of devices of each kind at each venue."""
    devices = writer.material.devices
    if not devices:
        return [writer.p("papers:inventory_none")]
    kinds = {device.name: writer.language.role(device.role, device.platform) for device in devices}
    rows, listed = [], tuple(dict.fromkeys(kinds.values()))
    for venue in writer.material.event.venues:
        serving = [device for device in devices if venue.id in device.venues]
        points = sum(ap.venue in (None, venue.id) for device in serving for ap in device.expect.access_points)
        cells = sum(cell.venue in (None, venue.id) for device in serving for cell in device.expect.cells)
        counts = Counter(kinds[device.name] for device in serving)
        rows.append(
            (_named(writer, venue), *(str(number) for number in (*(counts[kind] for kind in listed), cells, points)))
        )
    shown = (
        *columns(writer, venue=5),
        *(Column(kind, 2.4, "right", "number") for kind in listed),
        Column(writer.term("papers:station", "cell"), 2, "right", "number"),
        Column(writer.term("papers:station", "access_point"), 2.4, "right", "number"),
    )
    name, caption = writer.text("papers:sheet_today"), writer.text("papers:caption_today")
    table = numbered_table(writer, name, shown, rows, caption=caption)
    endpoints = len({device.endpoint or device.name for device in devices})
    opening = writer.p("papers:today", devices=len(devices), endpoints=endpoints)
    return [opening, table, writer.note("papers:today_note")]


def _redundancy(writer: PaperWriter) -> list[Block]:
    """Pairs of gateways, bundles and controllers by venue, and venues without any."""
    blocks: list[Block] = [writer.p("papers:redundancy")]
    for venue in writer.material.event.venues:
        serving = [device for device in writer.material.devices if venue.id in device.venues]
        how = "; ".join(filter(None, (made(writer, serving) for made in (_pairs, _bundles, _controllers))))
        msgid = "papers:redundancy_venue" if how else "papers:redundancy_missing"
        blocks += writer.bullets([writer.text(msgid, venue=_named(writer, venue), how=how)])
    return blocks


def _pairs(writer: PaperWriter, devices: Sequence[Device]) -> str:
    groups: dict[tuple[str, str | None], set[str]] = {}
    for device in devices:
        for gateway in device.expect.gateways:
            groups.setdefault((gateway.protocol.upper(), gateway.virtual_ip), set()).add(device.name)
    pairs = {(protocol, tuple(sorted(names))) for (protocol, _), names in groups.items() if len(names) > 1}
    named = (f"{' - '.join(names)} ({protocol})" for protocol, names in sorted(pairs, key=lambda pair: pair[1]))
    text = ", ".join(named)
    return writer.text("papers:redundancy_gateways", pairs=text) if text else ""


def _bundles(writer: PaperWriter, devices: Sequence[Device]) -> str:
    count = sum(len(device.expect.bundles) for device in devices)
    return writer.text("papers:redundancy_bundles", count=count) if count else ""


def _controllers(writer: PaperWriter, devices: Sequence[Device]) -> str:
    names = sorted(device.name for device in devices if device.expect.controller_pair)
    return writer.text("papers:redundancy_controllers", names=", ".join(names)) if names else ""


def _mobile(writer: PaperWriter) -> list[Block]:
    stations = sorted(
        {(site.name, site.venue or "") for d in writer.material.devices for site in d.expect.sites if site.mobile}
    )
    if not stations:
        return [writer.p("papers:mobile_none")]
    names, unknown = _venue_names(writer), writer.text("papers:venue_unknown")
    items = (writer.text("papers:mobile_item", name=name, venue=names.get(at, unknown)) for name, at in stations)
    return [writer.p("papers:mobile", count=len(stations)), *writer.bullets(items)]


def _wifi(writer: PaperWriter) -> list[Block]:
    names, unknown = _venue_names(writer), writer.text("papers:venue_unknown")
    counts: dict[str, list[bool]] = {}
    for device in writer.material.devices:
        for point in device.expect.access_points:
            venue = point.venue or (device.venues[0] if len(device.venues) == 1 else "")
            counts.setdefault(venue, []).append(point.critical)
    if not counts:
        return [writer.p("papers:wifi_none")]
    items = (
        writer.text("papers:wifi_item", venue=names.get(venue, unknown), count=len(points), critical=sum(points))
        for venue, points in sorted(counts.items())
    )
    return [writer.p("papers:wifi"), *writer.bullets(items)]


def _scenarios(writer: PaperWriter) -> list[Block]:
    if not writer.profile.scenarios:
        return [writer.p("papers:scenarios_none")]
    rows = (
        tuple(writer.office(text) for text in (case.situation, case.sign, case.action, case.owner))
        for case in writer.profile.scenarios
    )
    shown = columns(writer, situation=4, sign=4, action=6, owner=3)
    return [writer.p("papers:scenarios"), numbered_table(writer, writer.text("papers:sheet_scenarios"), shown, rows)]


def _steps(writer: PaperWriter) -> list[Block]:
    """Phases of the office, and the coming tests and windows of event.yaml."""
    event, now = writer.material.event, writer.material.moment
    phases = [(writer.office(phase.when), writer.office(phase.work)) for phase in writer.profile.phases]
    dated = [(event.owed(test.due), test.title) for test in event.tests]
    dated += [(window.start, window.title) for window in event.windows]
    coming = [
        (writer.moment(at, short=True), fit(title.render(writer.lang)))
        for at, title in sorted(dated, key=itemgetter(0))
        if at > now
    ]
    office = numbered_table(writer, writer.text("papers:sheet_phases"), columns(writer, when=4, work=9), phases)
    steps = numbered_table(writer, writer.text("papers:sheet_steps"), columns(writer, when=4, work=9), coming)
    tables = [*cited(OUTLINE, [office] if phases else []), *([steps] if coming else [])]
    return tables or [writer.blank()]


def _inventory(writer: PaperWriter) -> Table:
    language = writer.language
    names = _venue_names(writer)
    rows = (
        (
            fit(device.name),
            language.role(device.role, device.platform),
            language.platform(device.platform),
            ", ".join(names.get(venue, venue) for venue in device.venues),
            ", ".join(language.service(service) for service in device.concerned),
        )
        for device in sorted(writer.material.devices, key=lambda device: natural(device.name))
    )
    shown = columns(writer, device=3, role=4, platform=3, venues=7, services=5)
    return numbered_table(writer, writer.text("papers:sheet_inventory"), shown, rows)


def _assignment(writer: PaperWriter) -> Table:
    rows = (
        (fit(duty.id), fit(quoted(writer, duty)), fit(duty.owner), due_of(writer, duty))
        for duty in writer.material.duties
    )
    shown = (*columns(writer, "center", clause=1.6), *columns(writer, duty=10, owner=5, due=3.6))
    return numbered_table(writer, writer.text("papers:sheet_assignment"), shown, rows)
