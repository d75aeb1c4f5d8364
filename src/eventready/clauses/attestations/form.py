"""Form of the workspace: reading rows, the valid rows, and the conditions for an open clause."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from jinja2 import Environment, Template, TemplateError
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic import model_validator as validate_model

from eventready.clauses.attestations.attestation import Values
from eventready.core.errors import EventreadyError, InvalidValue, UsageError, WorkspaceError
from eventready.core.messages import LANGS, Bilingual, Lang, Message, Text, message, number, term, text
from eventready.core.redaction.masking import mask, mask_text
from eventready.core.timezone import local_time
from eventready.core.validation_messages import describe_error
from eventready.roster.reading.text import normal_number, number_complaint, phone_form
from eventready.workspace.files.datetimes import Day, Moment
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.event import Event, unknown_venue
from eventready.workspace.settings.forms import (
    CONTEXT,
    EXPRESSIONS,
    NUMERIC,
    FieldSpec,
    FormSpec,
    OpenCondition,
    compiled,
)

#: Rows that one form may hold; a register of a province has fewer.
MAX_ROWS = 5_000
#: Rows that a text names.
_SHOWN = 3


class Row(WorkspaceModel):
    """A row of a form. Texts are NFC and stripped; an empty field of the template is absent."""

    model_config = ConfigDict(populate_by_name=False)

    @validate_model(mode="before")
    @classmethod
    def _without_empty_fields(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: item for key, item in value.items() if item is not None and item != ""}


def _stripped(value: object) -> object:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


def _phone(value: str) -> str:
    found = normal_number(value)
    if found is None:
        raise InvalidValue(number_complaint(value), do=phone_form())
    return found


def _listed(value: object) -> object:
    """Return a list from `a, b`, the form of --set."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_Text = Annotated[str, BeforeValidator(_stripped), Field(min_length=1, max_length=500)]
_TYPES: Mapping[str, Any] = {
    "text": _Text,
    "venue": _Text,
    "texts": Annotated[tuple[_Text, ...], BeforeValidator(_listed), Field(min_length=1)],
    "phone": Annotated[str, BeforeValidator(_stripped), AfterValidator(_phone)],
    "number": float,
    "count": int,
    "bool": bool,
    "date": Day,
    "datetime": Moment,
}
#: Bounds of numbers without bounds of their own.
_MOST = {"number": 1e12, "count": 1_000_000_000}


class FormFile(WorkspaceModel):
    """A filled form: its rows, not yet validated."""

    rows: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=MAX_ROWS)


@dataclass(frozen=True)
class Form:
    """A form and the model of its rows."""

    spec: FormSpec

    @property
    def name(self) -> str:
        """The document or clause of the form."""
        return self.spec.name

    @property
    def title(self) -> Bilingual:
        """The title of the form."""
        return self.spec.title.text

    @cached_property
    def row(self) -> type[Row]:
        """The pydantic model of a row."""
        fields: dict[str, Any] = {
            f"field_{index}": (_annotation(field), Field(field.default if field.optional else ..., alias=name))
            for index, (name, field) in enumerate(self.spec.fields.items())
        }
        return create_model("FormRow", __base__=Row, **fields)

    def read(self, plain: Values, event: Event, moment: datetime) -> Row:
        """Return a row from plain values at a moment. Raises UsageError with each invalid field."""
        try:
            row = self.row.model_validate(dict(plain))
        except ValidationError as error:
            details = (describe_error(detail, self.row) for detail in error.errors(include_url=False))
            found = [UsageError(what, do=do) for what, do in details]
            raise UsageError(_as_text(found, " "), do=self.hint) from None
        try:
            self._accept(row, event, moment)
        except UsageError as error:
            do = message("clauses:form.remedies", one=error.remedy, other=self.hint) if error.do else self.hint
            raise UsageError(error.cause, do=do) from None
        return row

    def read_file(self, path: Path, event: Event, moment: datetime) -> list[Row]:
        """Return the rows of a filled form. Raises UsageError with each invalid line."""
        try:
            document = load_yaml(path)
            count = len(document.validate(FormFile).rows)
        except WorkspaceError as error:
            raise UsageError(_as_text([error]), do=self.hint) from None
        rows: list[Row] = []
        problems: list[WorkspaceError] = []
        for index in range(count):
            try:
                row = document.validate(self.row, "rows", index)
                self._accept(row, event, moment)
                rows.append(row)
            except WorkspaceError as error:
                problems += getattr(error, "problems", (error,))
            except UsageError as error:
                problems.append(_at(error, document.where("rows", index, *self._venues[:1])))
        if problems:
            raise UsageError(_as_text(problems), do=self.hint)
        return rows

    @property
    def hint(self) -> Message:
        """Return the command for an empty form."""
        return message("clauses:form.hint", form=self.name)

    @cached_property
    def _venues(self) -> tuple[str, ...]:
        return tuple(name for name, field in self.spec.fields.items() if field.type == "venue")

    def _accept(self, row: Row, event: Event, moment: datetime) -> None:
        """Raise UsageError for an unknown venue and for a row refused by the form."""
        values = row.model_dump(by_alias=True)
        for name in self._venues:
            if values[name] and values[name] not in event.venue_ids:
                what, do = unknown_venue(values[name], event)
                raise UsageError(what, do=do)
        for refusal in self.spec.refuse:
            if _holds(refusal.when, {**_variables(event, moment), **values}):
                raise UsageError(message("clauses:form.text", text=refusal.text))

    @staticmethod
    def to_dict(row: Row) -> dict[str, Any]:
        """A row as plain JSON types, by field."""
        return row.model_dump(mode="json", by_alias=True)

    def current(self, rows: Iterable[Values]) -> tuple[tuple[dict[str, Any], ...], int]:
        """Return the valid rows of the recorded rows in order: the latest with each key.

        Also the number of rows that cannot be read because the form has changed since.
        """
        latest: dict[tuple[Any, ...], dict[str, Any]] = {}
        unreadable = 0
        for plain in rows:
            try:
                values = self.row.model_validate(plain).model_dump(by_alias=True)
            except ValidationError:
                unreadable += 1
                continue
            latest[tuple(_folded(values[name]) for name in self.spec.key)] = values
        return tuple(latest.values()), unreadable

    def open_texts(self, rows: Sequence[Values], event: Event, moment: datetime) -> Iterator[Text]:
        """Yield the texts of the conditions true for the valid rows at a moment on the event's clock."""
        evaluation = _Evaluation(self, rows, event, _variables(event, moment))
        for condition in self.spec.open:
            yield from evaluation.texts(condition)

    def masked(self, row: Values) -> dict[str, Any]:
        """A row with masked values of telephone fields."""
        fields = self.spec.fields
        return {
            name: mask(str(value)) if value and name in fields and fields[name].type == "phone" else value
            for name, value in row.items()
        }

    def shown(self, row: Values) -> dict[str, Any]:
        """A recorded row for people, with masked telephone numbers, also in texts."""
        masked = self.masked(row)
        return {name: mask_text(value) if isinstance(value, str) else value for name, value in masked.items()}

    def template(self, lang: Lang) -> str:
        """An empty form as YAML, with the meaning of each field."""
        lines = [f"# {self.title.render(lang)}", f"# {text('clauses:form.one_row_each', lang)}", "rows:"]
        for index, (name, field) in enumerate(self.spec.fields.items()):
            start = "  - " if index == 0 else "    "
            label = field.text.render(lang) + (f" ({field.unit})" if field.unit else "")
            need = text("clauses:form.optional" if field.optional else "clauses:form.required", lang)
            lines.append(f"{start}{name}:  # {label}; {_kind(field, lang)}; {need}")
        return "\n".join(lines) + "\n"


def _annotation(field: FieldSpec) -> Any:
    annotation = Literal[tuple(field.choices)] if field.type == "choice" else _TYPES[field.type]
    if field.type in NUMERIC:
        low = 0.0 if field.min is None and field.max is None else field.min
        high = _MOST[field.type] if field.max is None else field.max
        annotation = Annotated[annotation, Field(ge=low, le=high)]
        if field.type == "number":
            annotation = Annotated[annotation, Field(allow_inf_nan=False)]
    return annotation if not field.optional or field.default is not None else annotation | None


def _kind(field: FieldSpec, lang: Lang) -> str:
    if field.type == "choice":
        return " | ".join(field.choices)
    return term("clauses:form_type", field.type, lang)


def _holds(expression: str, values: Values, *, on_error: bool = True) -> bool:
    """Return the value of a condition; `on_error` for a failed evaluation: a failure never speaks for the clause."""
    try:
        return bool(compiled(expression)(**values))
    except (TemplateError, TypeError, ValueError, ArithmeticError):
        return on_error


def _shown(value: Any, lang: Lang) -> Any:
    match value:
        case datetime():
            return f"{local_time(value):%d/%m/%Y %H:%M}"
        case date():
            return f"{value:%d/%m/%Y}"
        case bool():
            return value
        case int() | float():
            return number(value, lang)
        case Bilingual():
            return value.render(lang)
        case _:
            return value


_ENVIRONMENTS: Mapping[Lang, Environment] = {
    lang: EXPRESSIONS.overlay(finalize=partial(_shown, lang=lang)) for lang in LANGS
}


@lru_cache(maxsize=1024)
def _template(source: str, lang: Lang) -> Template:
    return _ENVIRONMENTS[lang].from_string(source)


def _texts(condition: OpenCondition, values: Values, **by_lang: Mapping[Lang, str]) -> Bilingual:
    """Return the text of a condition; `by_lang` are values different by language."""
    texts = {
        lang: _template(getattr(condition, lang), lang).render(
            {**values, **{name: shown[lang] for name, shown in by_lang.items()}}
        )
        for lang in LANGS
    }
    return Bilingual(texts["vi"], texts["en"])


def _variables(event: Event, moment: datetime) -> dict[str, Any]:
    """The variables of conditions beside the fields."""
    nights = sorted(window.start.date() for window in event.windows if window.kind == "event")
    first, last = (nights[0], nights[-1]) if nights else (None, None)
    return dict(zip(CONTEXT, (moment.date(), moment, first, last), strict=True))


@dataclass(frozen=True)
class _Evaluation:
    """Evaluation of conditions over the valid rows of a form; `around` has the variables beside the fields."""

    form: Form
    rows: Sequence[Values]
    event: Event
    around: Values

    def texts(self, condition: OpenCondition) -> Iterator[Text]:
        """Yield the texts of a condition, if true."""
        kinds = {
            "each_row": self._each_row,
            "rows": self._rows,
            "no_row": self._no_row,
            "every": self._every,
            "total": self._total,
        }
        return kinds[condition.kind](condition)

    def _holding(self, condition: OpenCondition, *, on_error: bool = True) -> list[Values]:
        expression = condition.expression
        return [row for row in self.rows if _holds(expression, {**row, **self.around}, on_error=on_error)]

    def _shown(self, row: Values) -> dict[str, Any]:
        return {**self.form.masked(row), **self.around}

    def _each_row(self, condition: OpenCondition) -> Iterator[Text]:
        for row in self._holding(condition):
            yield _texts(condition, self._shown(row))

    def _rows(self, condition: OpenCondition) -> Iterator[Text]:
        found = self._holding(condition)
        if found:
            source = condition.show or f"{{{{ {self.form.spec.key[0]} }}}}"
            some = {
                lang: ", ".join(_template(source, lang).render(self._shown(row)) for row in found[:_SHOWN])
                for lang in LANGS
            }
            yield _texts(condition, {"n": len(found), "total": len(self.rows), **self.around}, some=some)

    def _no_row(self, condition: OpenCondition) -> Iterator[Text]:
        if not self._holding(condition, on_error=False):
            yield _texts(condition, self.around)

    def _every(self, condition: OpenCondition) -> Iterator[Text]:
        field = self.form.spec.fields[condition.every]
        labels = {venue.id: venue.title for venue in self.event.venues}
        if field.type == "choice":
            labels = {value: label.text for value, label in field.choices.items()}
        present = {row[condition.every] for row in self.rows}
        for value in condition.values or labels:
            if value not in present:
                yield _texts(condition, {**self.around, "value": labels.get(value, value)})

    def _total(self, condition: OpenCondition) -> Iterator[Text]:
        sums = {
            name: sum(row[name] or 0 for row in self.rows) if field.type in NUMERIC else None
            for name, field in self.form.spec.fields.items()
        }
        values = {**sums, **self.around, "n": len(self.rows)}
        if _holds(condition.expression, values):
            yield _texts(condition, values)


def _folded(value: Any) -> Any:
    return re.sub(r"\s+", " ", value).casefold() if isinstance(value, str) else value


def _at(error: UsageError, where: str) -> WorkspaceError:
    return WorkspaceError(error.cause, where=where, do=error.remedy)


def _as_text(problems: Sequence[EventreadyError], separator: str = "\n") -> Message:
    """Join errors into a text, with possible telephone numbers masked."""
    single = [one for problem in problems for one in getattr(problem, "problems", (problem,))]
    vi, en = (separator.join(hidden(problem.render(lang)) for problem in single) for lang in LANGS)
    return message("clauses:form.text", text=Bilingual(vi, en))


def hidden(sentence: str) -> str:
    """Return a sentence about user input, with possible telephone numbers masked."""
    return re.sub(r"(?<![\w.:-])\d{8,}(?![\w.:-]*\d)", lambda match: mask(match[0]), mask_text(sentence))
