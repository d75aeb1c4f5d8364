"""writable.yaml: lines writable by templates beside those of the platform, with the responsible person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from eventready.workspace.devices.intents import INTENTS, Intent
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import PlacedModel, WorkspaceModel


class WritableAddition(PlacedModel):
    """Patterns of lines, in the form of `change.writable` of a platform, for some intents of a platform."""

    platform: str = Field(min_length=1)
    intents: tuple[Intent, ...] = Field(default=INTENTS, min_length=1)
    lines: dict[str, Any] = Field(min_length=1)
    by: str = Field(min_length=1, description="Responsible person")
    reason: str = Field(min_length=1)


class WritableFile(WorkspaceModel):
    """writable.yaml"""

    additions: tuple[WritableAddition, ...] = ()


def load_writable(path: Path) -> tuple[WritableAddition, ...]:
    """Read writable.yaml; an absent file adds no line. Raises WorkspaceError."""
    if not path.exists():
        return ()
    document = load_yaml(path, may_be_empty=True)
    found = document.validate(WritableFile).additions
    return tuple(one.at(document.where("additions", index)) for index, one in enumerate(found))
