"""`report roster`: the formal duty list, a table per role, with whole telephone numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from eventready.errors import RefusedError
from eventready.report.dates import fit
from eventready.report.document.model import Block, Document, Table
from eventready.report.document.profile import Profile
from eventready.report.draft import Draft
from eventready.report.material import DutyRow, Material, RoleCode
from eventready.report.tables import column, numbered, ordinal
from eventready.report.words import Lang

_ROLES: tuple[RoleCode, ...] = get_args(RoleCode)


def roster_list(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The duty list. Raises RefusedError without a roster: an empty list must not be sent as one."""
    duty_list = material.duty_list
    if duty_list is None or not duty_list.rows:
        raise RefusedError("there is no roster to make the duty list of", do="Import one: `eventready roster check`.")
    draft = Draft("roster", material, profile, lang)
    draft.values["version"] = fit(duty_list.version)
    blocks: list[Block] = list(draft.head())
    if duty_list.since:
        blocks.append(draft.p("list_changed", since=duty_list.since))
    for role in _ROLES:
        rows = [row for row in duty_list.rows if row.role == role]
        blocks.append(draft.outline.section(draft.say(f"role_{role}")))
        blocks.append(_table(draft, role, rows) if rows else draft.p("list_empty"))
    gaps = [(role, minutes) for role, minutes in duty_list.gaps.items() if minutes]
    if gaps:
        blocks.append(draft.p("roster_gaps"))
        blocks += draft.bullets(
            draft.say("roster_gap", role=draft.say(f"role_{role}"), minutes=minutes) for role, minutes in gaps
        )
    return draft.document([*blocks, *draft.close()], landscape=True)


def _table(draft: Draft, role: RoleCode, rows: Sequence[DutyRow]) -> Table:
    """The nine columns that a duty list has by custom."""
    return Table(
        draft.say(f"role_{role}"),
        (
            ordinal(draft),
            column(draft, "person", 4),
            column(draft, "position", 3.2),
            column(draft, "body", 3.6),
            column(draft, "task", 3.4),
            column(draft, "time", 6),
            column(draft, "where", 3.6),
            column(draft, "phone", 3.2, kind="phone"),
            column(draft, "note", 2.4),
        ),
        numbered(
            tuple(
                fit(text)
                for text in (row.name, row.title, row.unit, row.task, row.time, row.place, row.phones, row.note)
            )
            for row in rows
        ),
    )
