"""Workspace of an operator from a department's kit: its event, clauses and forms beside the files of the skeleton."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import message
from eventready.workspace.examples.example import fill_folder
from eventready.workspace.examples.kit import Kit
from eventready.workspace.examples.new_workspace import (
    NewEvent,
    NewVenue,
    intent_templates,
    render_files,
    render_skeleton,
)
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import Event, Operator, load_event
from eventready.workspace.settings.forms import load_forms

_INVENTORY = Path("inventory")


@dataclass(frozen=True)
class NewOperator:
    """An operator's own answers."""

    enterprise: str
    short: str = ""
    operator: Operator = "telecom"
    bastion: str = ""


def write_kit_workspace(target: Path, kit: Kit, own: NewOperator) -> tuple[Path, ...]:
    """Write a workspace into an absent or empty folder. Return the relative paths of its files. Raises UsageError."""
    texts = _texts(kit, own)
    event = _validated(texts, kit)
    opening = [window for window in event.windows if window.kind == "event"]
    if not opening:
        raise UsageError(message("workspace:kit.no_event"))
    new = NewEvent(
        name=event.name, province=event.province or event.name,
        opening=min(window.start for window in opening), ending=max(window.end for window in opening),
        venues=tuple(NewVenue(venue.id, venue.title.vi or venue.name, venue.services) for venue in event.venues),
        enterprise=own.enterprise, short=own.short, operator=own.operator, bastion=own.bastion,
    )  # fmt: skip
    files: dict[Path, str | Path] = {**intent_templates(), **render_files(new), **texts}
    return fill_folder(target, files, "workspace:new.unwritable")


def _texts(kit: Kit, own: NewOperator) -> dict[Path, str]:
    """Texts of the files decided by the kit, by relative path."""
    head = f"# From the kit of {kit.key.operator} ({kit.key.id})."
    duties = {
        **kit.duties,
        "duties": [{"id": duty.get("id"), "owner": own.enterprise, **duty} for duty in kit.duties["duties"]],
    }
    published = json.dumps(kit.key.to_dict(), ensure_ascii=False, indent=1) + "\n"
    return {
        _INVENTORY / "event.yaml": render_skeleton(
            "kit/event.yaml.j2", {**asdict(own), "head": head, "shared": _yaml(kit.event)}
        ),
        _INVENTORY / "duties.yaml": f"{head}\n# `owner` is yours to name.\n{_yaml(duties)}",
        **{_INVENTORY / "forms" / f"{name}.yaml": f"{head}\n{_yaml(form)}" for name, form in kit.forms.items()},
        _INVENTORY / "department.key.json": published,
    }


def _validated(texts: Mapping[Path, str], kit: Kit) -> Event:
    """Return the event of the kit, read as in a workspace. Raises UsageError for an invalid kit."""
    with TemporaryDirectory() as folder:
        for relative, text in texts.items():
            (Path(folder) / relative).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / relative).write_text(text, encoding="utf-8")
        inventory = Path(folder) / _INVENTORY
        try:
            event = load_event(inventory / "event.yaml")
            load_duties(inventory / "duties.yaml", windows=event.windows, venues=event.venue_ids)
            load_forms(inventory / "forms")
        except WorkspaceError as error:
            reason = str(error).replace(f"{folder}/", "")
            raise UsageError(message("workspace:kit.invalid", operator=kit.key.operator, reason=reason)) from None
    return event


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, width=120)
