"""A form: the typed fields of what people sign for. A register of rows, of which the latest about a thing counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from eventready.duty.privacy import mask, mask_text
from eventready.duty.words import Words
from eventready.errors import UsageError
from eventready.roster.phones import FORM as PHONE_FORM
from eventready.roster.phones import complaint, normal
from eventready.workspace.complaints import explain
from eventready.workspace.event import Entry, Event

R = TypeVar("R", bound="Row")

#: Rows that one form may hold; a register of a province has fewer.
MAX_ROWS = 5_000


class Row(Entry):
    """A row of a form. Texts are NFC and stripped."""


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

    def read(self, plain: Mapping[str, Any], event: Event, where: str = "") -> Row:
        """A row from plain values; texts are read as what the field wants. Raises UsageError that names each field."""
        try:
            row = self.row.model_validate(dict(plain))
        except ValidationError as error:
            said = []
            for detail in error.errors(include_url=False):
                what, do = explain(detail, self.row)
                said.append(f"{what}. {do}".replace("..", ".").strip())
            raise UsageError(" ".join(said), where=where, do=_template_hint(self.name)) from None
        venue = getattr(row, "venue", "")
        if venue and venue not in event.venue_ids:
            known = ", ".join(event.venue_ids)
            raise UsageError(f"the venue {venue!r} is not in event.yaml", where=where, do=f"Defined: {known}.")
        return row

    def plain(self, row: Row) -> dict[str, Any]:
        """The row as plain JSON types, by the names under which it is written."""
        return row.model_dump(mode="json", by_alias=True, exclude_defaults=False)

    def current(self, rows: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
        """The rows that count, given those recorded in their order: the latest about each thing."""
        latest: dict[tuple[Any, ...], Row] = {}
        for plain in rows:
            row = self.row.model_validate(plain)
            latest[tuple(_folded(getattr(row, name)) for name in self.key)] = row
        return tuple(latest.values())

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


class FormFile(Entry):
    """A file with the rows of a form, each still as it was written."""

    rows: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=MAX_ROWS)


def _folded(value: Any) -> Any:
    return re.sub(r"\s+", " ", value).casefold() if isinstance(value, str) else value


def _template_hint(name: str) -> str:
    return f"`eventready attest --form-template {name}` prints the form."


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
