"""A form: the typed fields of what people sign for. A register of rows, of which the latest about a thing counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from eventready.duty.privacy import mask, mask_text
from eventready.duty.words import Words
from eventready.errors import UsageError, WorkspaceError
from eventready.roster.phones import FORM as PHONE_FORM
from eventready.roster.phones import complaint, normal
from eventready.workspace.complaints import explain
from eventready.workspace.event import Entry, Event, unknown_venue
from eventready.workspace.yaml import load_yaml, several

#: Rows that one form may hold; a register of a province has fewer.
MAX_ROWS = 5_000


class Row(Entry):
    """A row of a form. Texts are NFC and stripped; what is left empty in the template is not there."""

    @model_validator(mode="before")
    @classmethod
    def _without_the_empty(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: item for key, item in value.items() if item is not None and item != ""}


def _text(value: object) -> object:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


def _phone(value: str) -> str:
    found = normal(value)
    if found is None:
        raise ValueError(f"{complaint(value)}. {PHONE_FORM}")
    return found


def _listed(value: object) -> object:
    """`a, b` is a list too, as it comes from --set."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=500)]
OptionalText = Annotated[str, BeforeValidator(_text), Field(max_length=500)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Some = Annotated[int, Field(ge=1, le=1_000_000_000)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Phone = Annotated[str, BeforeValidator(_text), AfterValidator(_phone)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]


@dataclass(frozen=True)
class Around:
    """What a form is held against: the event and the moment on its clock."""

    event: Event
    moment: datetime

    @property
    def today(self) -> date:
        """The day on the event's clock."""
        return self.moment.date()


@dataclass(frozen=True)
class Form:
    """`name` is the document of duties.yaml, or a clause that only a signed word proves, that the form stands for.

    `key` are the fields that make two rows the same thing. `short` names what the register still lacks or what is
    wrong in it, given the rows that count.
    """

    name: str
    title: Words
    row: type[Row]
    key: tuple[str, ...]
    short: Callable[[Sequence[Any], Around], Iterable[Words]]
    masked: tuple[str, ...] = ()

    def read(self, plain: Mapping[str, Any], event: Event) -> Row:
        """A row from plain values; texts are read as what the field wants. Raises UsageError that names each field."""
        try:
            row = self.row.model_validate(dict(plain))
        except ValidationError as error:
            told = (explain(detail, self.row) for detail in error.errors(include_url=False))
            said = " ".join(str(UsageError(hidden(what), do=do)) for what, do in told)
            raise UsageError(said, do=self.hint) from None
        self.placed(row, event)
        return row

    def read_file(self, path: Path, event: Event) -> list[Row]:
        """The rows of a filled form. Raises UsageError that names each line that does not hold."""
        try:
            document = load_yaml(path)
            count = len(document.validate(FormFile).rows)
        except WorkspaceError as error:
            raise UsageError(hidden(str(error)), do=self.hint) from None
        rows: list[Row] = []
        problems: list[WorkspaceError] = []
        for index in range(count):
            try:
                row = document.validate(self.row, "rows", index)
                self.placed(row, event)
                rows.append(row)
            except WorkspaceError as error:
                problems += getattr(error, "problems", (error,))
            except UsageError as error:
                problems.append(document.error(error.what, "rows", index, "venue", do=error.do))
        if problems:
            raise UsageError(str(several(_hidden(problems))), do=self.hint)
        return rows

    @property
    def hint(self) -> str:
        """How to get an empty form."""
        return f"`eventready attest --form-template {self.name}` prints the form."

    @staticmethod
    def placed(row: Row, event: Event) -> None:
        """Raises UsageError when a row names a venue that the event does not have."""
        venue = getattr(row, "venue", "")
        if venue and venue not in event.venue_ids:
            what, do = unknown_venue(venue, event)
            raise UsageError(what, do=do)

    def plain(self, row: Row) -> dict[str, Any]:
        """The row as plain JSON types, by the names under which it is written."""
        return row.model_dump(mode="json", by_alias=True, exclude_defaults=False)

    def current(self, rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[Row, ...], int]:
        """The rows that count, given those recorded in their order: the latest about each thing.

        And how many cannot be read any more, because the form has changed since.
        """
        latest: dict[tuple[Any, ...], Row] = {}
        unreadable = 0
        for plain in rows:
            try:
                row = self.row.model_validate(plain)
            except ValidationError:
                unreadable += 1
                continue
            latest[tuple(_folded(getattr(row, name)) for name in self.key)] = row
        return tuple(latest.values()), unreadable

    def shown(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """A recorded row for people: numbers masked."""
        return {
            name: mask(str(value)) if name in self.masked else (mask_text(value) if isinstance(value, str) else value)
            for name, value in plain.items()
        }

    def template(self) -> str:
        """An empty form as YAML, with what each field means."""
        lines = [f"# {self.title.vi} ({self.title.en})", "# Một dòng `- ` cho mỗi mục. One `- ` for each row.", "rows:"]
        for number, (name, info) in enumerate(self.row.model_fields.items()):
            start = "  - " if number == 0 else "    "
            needed = "bắt buộc / required" if info.is_required() else "không bắt buộc / optional"
            lines.append(f"{start}{info.alias or name}:  # {info.description or ''}; {kind_of(info)}; {needed}")
        return "\n".join(lines) + "\n"


def _hidden(problems: Iterable[WorkspaceError]) -> list[WorkspaceError]:
    return [WorkspaceError(hidden(problem.what), where=problem.where, do=problem.do) for problem in problems]


class FormFile(Entry):
    """A file with the rows of a form, each still as it was written."""

    rows: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=MAX_ROWS)


def _folded(value: Any) -> Any:
    return re.sub(r"\s+", " ", value).casefold() if isinstance(value, str) else value


def hidden(text: str) -> str:
    """A sentence about what was typed, with every number in it masked that could be somebody's telephone."""
    return re.sub(r"(?<![\w.:-])\d{8,}(?![\w.:-]*\d)", lambda match: mask(match[0]), mask_text(text))


def kind_of(info: Any) -> str:
    """What may stand in a field, for the template."""
    return _kind(info.annotation)


_KINDS = {"str": "chữ / text", "int": "số nguyên / whole number", "float": "số / number", "bool": "true | false"}
_DATES = {"date": "YYYY-MM-DD", "datetime": '"YYYY-MM-DD HH:MM"'}


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is tuple:
        return f"[{_kind(arguments[0])}, ...]"
    if origin is Union or str(origin) == "<class 'types.UnionType'>":
        return " | ".join(_kind(one) for one in arguments if one is not type(None))
    if arguments:
        return " | ".join(str(one) for one in arguments)
    name = getattr(annotation, "__name__", "")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    return _KINDS.get(name) or _DATES.get(name) or name
