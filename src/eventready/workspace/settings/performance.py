"""Sources of performance files: performance.yaml."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.workspace.files.datetimes import ZoneName
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel


class PerformanceSource(WorkspaceModel):
    """Folder with performance files of a layout."""

    name: str = Field(min_length=1, description="Name of the source")
    folder: Path = Field(description="Folder with the files; relative to the workspace")
    pattern: str = Field(
        default="*",
        min_length=1,
        max_length=200,
        pattern=r"^[^/\\*]*(?:\*[^/\\*]+)*\*?$",
        description="Names of the files, as a glob without folders",
    )
    devices: tuple[str, ...] = Field(
        default=("*",), min_length=1, description="Controllers and sites with their cells in the files, as globs"
    )
    layout: str = Field(description="Layout: 3gpp, nokia_omes, huawei_csv or a file of inventory/layouts")
    zone: ZoneName | None = Field(
        default=None, description="Zone of times that name none; without it such files are refused"
    )
    period_minutes: int = Field(default=15, ge=1, le=10_080, description="Length of a period, in minutes")
    late_minutes: int = Field(default=10, ge=0, le=1440, description="Minutes that a file may be late")

    def covers(self, device: str) -> bool:
        """True for a controller or site with its cells in the files."""
        return any(fnmatchcase(device, pattern) for pattern in self.devices)


class PerformanceFile(WorkspaceModel):
    """performance.yaml"""

    sources: tuple[PerformanceSource, ...] = Field(default=(), description="Sources of performance files")
    cells: dict[str, tuple[str, ...]] = Field(
        default={}, description="Names of objects in the files, or their last parts, by the cell of the inventory"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        objects = Counter(name.casefold() for names in self.cells.values() for name in names)
        if twice := next((name for name, count in objects.items() if count > 1), None):
            raise InvalidValue(message("workspace:performance_twice", name=twice))
        return self

    @property
    def by_object(self) -> dict[str, str]:
        """Cell of the inventory by the name of an object in the files."""
        return {name: cell for cell, names in self.cells.items() for name in names}


def load_performance(workspace: Path) -> PerformanceFile:
    """Read performance.yaml of a workspace; an absent file has no source. Raises WorkspaceError."""
    path = workspace / "inventory" / "performance.yaml"
    return load_yaml(path).validate(PerformanceFile) if path.exists() else PerformanceFile()
