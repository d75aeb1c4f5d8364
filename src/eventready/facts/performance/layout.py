"""Layouts of performance files as data: the format, the classes of cells, and each figure as counters over counters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel

#: Seconds of the period, as a counter.
PERIOD = "$period"
HOME = Path(__file__).parent / "layouts"


class Formula(WorkspaceModel):
    """`times` x (sum of `of` - sum of `less`) / (sum of `over` - sum of `over_less`); without `over` no division.

    Names are compared without case, and a counter with the suffix `.sum` or `.tot` is that of the name.
    """

    of: tuple[str, ...] = Field(min_length=1)
    less: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    over_less: tuple[str, ...] = ()
    times: float = 1.0

    @property
    def counters(self) -> tuple[str, ...]:
        """Names of all counters, the period left out."""
        return tuple(name for name in (*self.of, *self.less, *self.over, *self.over_less) if name != PERIOD)


class CellFigure(WorkspaceModel):
    """Figure of a cell: the first formula with all its counters, and its unit; a share in percent ends at 100.

    At the border of a period more successes than attempts may be counted (TS 32.401).
    """

    unit: str = ""
    formulas: tuple[Formula, ...] = Field(min_length=1)


class CounterColumns(WorkspaceModel):
    """Columns of a CSV file by their heads; `reliability` with the word of a value to be trusted."""

    time: str
    period: str
    name: str
    reliability: str = ""
    reliable: str = "Reliable"
    separator: str = ","
    encodings: tuple[str, ...] = ("utf-8-sig",)


class PerformanceLayout(WorkspaceModel):
    """Layout of performance files. `cells`: classes in names of objects, by which an object is a cell."""

    format: Literal["3gpp", "omes", "csv"]
    confirmed: bool = Field(default=False, description="The names are those of a standard or of files of this network")
    cells: tuple[str, ...] = Field(min_length=1)
    columns: CounterColumns | None = None
    figures: dict[str, CellFigure]


def layout_names(extra_dirs: Iterable[Path] = ()) -> dict[str, Path]:
    """Return the files of all layouts by name: those of the package, then those of folders."""
    return {file.stem: file for folder in (HOME, *extra_dirs) for file in sorted(folder.glob("*.yaml"))}


def load_layout(name: str, extra_dirs: Iterable[Path] = ()) -> PerformanceLayout:
    """Return a layout by its name. Raises WorkspaceError with file and line."""
    files = layout_names(extra_dirs)
    if name not in files:
        raise WorkspaceError(message("facts:performance.layout", name=name), do=suggest(name, files, noun="Layouts"))
    return _loaded(files[name])


@cache
def _loaded(file: Path) -> PerformanceLayout:
    document = load_yaml(file)
    layout = document.validate(PerformanceLayout)
    if layout.format == "csv" and layout.columns is None:
        raise document.error(message("facts:performance.no_columns"), "format")
    return layout
