"""Layouts of performance files as data: the format, the classes of cells, and each figure as counters over counters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel

#: Seconds of the period, as a counter.
PERIOD = "$period"
HOME = Path(__file__).parent / "layouts"


#: Codecs of Python that are none of files.
_NO_FILES = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf-7"})


def _separator(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise InvalidValue(message("facts:performance.separator"))
    return text


def _encoding(name: str) -> str:
    """Name of an encoding in which lines are found by their bytes."""
    try:
        fits = name.casefold().replace("-", "_") not in _NO_FILES and b"a,1\n".decode(name) == "a,1\n"
    except (LookupError, ValueError):
        fits = False
    if not fits:
        raise InvalidValue(message("facts:performance.no_encoding", name=name[:40]))
    return name


class Formula(WorkspaceModel):
    """`times` x (sum of `of` - sum of `less`) / (sum of `over` - sum of `over_less`); without `over` no division.

    Names are compared without case, and a counter with the suffix `.sum` or `.tot` is that of the name.
    """

    of: tuple[str, ...] = Field(min_length=1)
    less: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    over_less: tuple[str, ...] = ()
    times: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.over_less and not self.over:
            raise InvalidValue(message("facts:performance.alone"))
        return self

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
    separator: Annotated[str, AfterValidator(_separator)] = ","
    encodings: tuple[Annotated[str, AfterValidator(_encoding)], ...] = Field(default=("utf-8-sig",), min_length=1)


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
