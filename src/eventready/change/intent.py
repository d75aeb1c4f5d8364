"""Intents: what is wanted of a device, rendered from `<workspace>/templates/<intent>/<platform>.j2` and its values.

Templates are sandboxed and strict: a value that nobody gave is an error that names device, template, line and variable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from eventready.change.asked import Asked, asked_by
from eventready.change.bounds import MOST_MEMORY, MOST_STEPS, Endless, bounded
from eventready.errors import WorkspaceError
from eventready.platforms.loader import describe
from eventready.workspace.device import Device
from eventready.workspace.intents import INTENTS
from eventready.workspace.workspace import Workspace

__all__ = ["INTENTS", "Wanted", "asked_of", "refuse_misspelt", "render", "wanted_of"]

#: More than any device takes; a template that gives more is in a loop.
_LARGEST = 1_000_000
#: No device takes a longer line.
_LONGEST = 4_000
#: The largest number that an expression may work out.
_BITS = 256


@dataclass(frozen=True)
class Wanted:
    """What one intent gives for one device, and by which template (`templates/backup/cisco_xe.j2`)."""

    intent: str
    text: str
    template: str
    device: str

    @property
    def origin(self) -> str:
        """For messages: `templates/backup/cisco_xe.j2 for edge-vh-1`."""
        return f"{self.template} for {self.device}"


class _Refused(Exception):
    """What was to be printed may not be."""


class _Lacking(UndefinedError):
    """A value was used that nobody gave: `name` of `of`, or one of the template's own where `of` is `missing`."""

    def __init__(self, name: str, of: Any) -> None:
        super().__init__(name)
        self.name, self.of = name, of


class _Missing(StrictUndefined):
    """Tells the name of what is missing, and of what it was asked."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        raise _Lacking(str(self._undefined_name), self._undefined_obj)


def asked_of(workspace: Workspace, intent: str) -> Asked:
    """What the intent's templates ask for, those of all platforms: a group's values may be for one of them."""
    folder = workspace.path / "templates"
    names = [path.relative_to(folder).as_posix() for path in sorted((folder / intent).glob("**/*.j2"))]
    return asked_by(_environment(folder), names)


def refuse_misspelt(device: Device, intent: str, asked: Asked) -> None:
    """Raises WorkspaceError for a value that no template of the intent asks for, and a like one that is asked for."""
    for place, near in asked.misspelt(device.intents.get(intent, {})):
        raise WorkspaceError(
            f"{device.name} has the value {'.'.join(place)!r}, which no template of {intent} asks for",
            where=device.origin,
            do=f"Did you mean {near!r}?",
        )


def render(workspace: Workspace, device: Device, intent: str) -> str:
    """The text that the intent's template gives for the device. Raises WorkspaceError."""
    return wanted_of(workspace, device, intent).text


def wanted_of(workspace: Workspace, device: Device, intent: str) -> Wanted:
    """What the intent wants of the device. Raises WorkspaceError for a template or value that does not hold."""
    folder = workspace.path / "templates"
    name = _template(workspace, device, intent)
    values = {**device.intents.get(intent, {}), **_given(workspace, device)}
    for place, text in _texts(values, ()):
        if not text.isprintable():
            raise WorkspaceError(
                f"{device.name}: the value {place} of {intent} has a line break or a control character",
                where=device.origin,
                do="Write it on one line.",
            )
    return Wanted(intent, _rendered(folder, name, values, device, intent), f"templates/{name}", device.name)


def _template(workspace: Workspace, device: Device, intent: str) -> str:
    """The template for the device's platform, or for the one that its platform extends."""
    kind: str | None = device.platform
    while kind is not None:
        name = f"{intent}/{kind}.j2"
        if (workspace.path / "templates" / name).is_file():
            return name
        kind = describe(kind, workspace.platform_dirs).spec.extends
    raise WorkspaceError(
        f"{device.name} is to have {intent}, and there is no template for {device.platform}",
        where=str(workspace.path / "templates" / intent / f"{device.platform}.j2"),
        do=f"Write it, or take `{intent}` out of the device's `intents`.",
    )


def _given(workspace: Workspace, device: Device) -> dict[str, Any]:
    """What every template is given."""
    event = workspace.event
    return {
        "device": {
            "name": device.name,
            "role": device.role,
            "platform": device.platform,
            "venues": device.venues,
            "element": device.element,
        },
        "expect": device.expect.model_dump(mode="json", exclude_none=True),
        "event": {"id": event.id, "name": event.name, "venues": event.venue_ids},
    }


def _texts(value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every text among values, keys included, and where it stands."""
    if isinstance(value, str):
        yield ".".join(place), value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield ".".join(place), str(key)
            yield from _texts(inner, (*place, ascii(str(key))[1:-1]))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*place, str(number)))


def _printed(value: Any) -> Any:
    """What an expression may print: words and numbers. Lines of a macro may be several."""
    if isinstance(value, Undefined):  # a lenient one is what `'x' if y` gives where y does not hold
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str):
        if all(letter.isprintable() or letter == "\n" for letter in value):
            return value
        raise _Refused("a control character would be printed")
    raise _Refused(f"{type(value).__name__} would be printed, and is neither a word nor a number")


class _Environment(ImmutableSandboxedEnvironment):
    """Numbers stay numbers that a device can be told: one of a million digits would take for ever."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * max(0, right) if operator == "**" else left.bit_length() + right.bit_length()
            if bits > _BITS:
                raise _Refused("a number has no end")
        return super().call_binop(context, operator, left, right)


@lru_cache(maxsize=8)
def _environment(folder: Path) -> _Environment:
    return _Environment(
        loader=FileSystemLoader(folder),
        undefined=_Missing,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printed,
    )


def _rendered(folder: Path, name: str, values: Mapping[str, Any], device: Device, intent: str) -> str:
    try:
        with bounded(folder):
            return "".join(_bounded(_environment(folder).get_template(name).generate(values)))
    except _Lacking as error:
        raise _missing(error, values, _place(folder, name, error.__traceback__), device, intent) from None
    except TemplateSyntaxError as error:
        where = f"{error.filename or folder / name}:{error.lineno}"
        raise WorkspaceError(f"the template is not well formed: {error.message}", where=where) from None
    except UnicodeDecodeError:
        raise WorkspaceError("the template is not UTF-8", where=str(folder / name)) from None
    except (TemplateError, _Refused, Endless, RecursionError, OSError) as error:
        raise _unhappy(error, folder, name, device) from None
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, MemoryError) as error:
        raise _unhappy(error, folder, name, device) from None  # of an expression in the template


def _missing(error: _Lacking, values: Mapping[str, Any], where: str, device: Device, intent: str) -> WorkspaceError:
    """The value's whole name, and where it is to be said: in the part of the inventory that the template took it from.

    A word or a number says nothing of where it stands, unless it stands in one place.
    """
    above = () if error.of is missing else _places(values, error.of, ())
    name = ".".join((*above[0], error.name)) if len(above) == 1 else error.name
    part = name.partition(".")[0] if len(above) == 1 else ""
    if part == "expect":
        do = f"Say it under `expect:` of the device ({device.origin}) or a group, or ask with `is defined`."
    elif part in ("device", "event"):
        do = f"Take it out of the template: of `{part}` there is {', '.join(values[part])}."
    else:
        do = f"Say it under `intents: {intent}:` of the device ({device.origin}), a group, or event.yaml."
    return WorkspaceError(f"the template needs {name!r}, for which {device.name} has no value", where=where, do=do)


def _places(value: Any, wanted: Any, place: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Where `wanted` itself stands among values."""
    if value is wanted:
        return [place]
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        pairs = value.items()
    elif isinstance(value, list | tuple):
        pairs = enumerate(value)
    return [found for key, inner in pairs for found in _places(inner, wanted, (*place, str(key)))]


def _bounded(pieces: Iterable[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if any(len(line) > _LONGEST for line in piece.split("\n")):
            raise _Refused(f"it gives a line of more than {_LONGEST} letters")
        if size > _LARGEST:
            raise _Refused(f"it gives more than {_LARGEST / 1e6:g} MB")
        yield piece


def _unhappy(error: BaseException, folder: Path, template: str, device: Device) -> WorkspaceError:
    said = str(error) or type(error).__name__
    match error:
        case RecursionError():
            said = "it calls itself without end"
        case Endless():
            said = f"it runs on after {MOST_STEPS / 1e6:g} million lines"
        case MemoryError():
            said = f"it takes more than {MOST_MEMORY >> 20} MB"
        case TemplateNotFound(name=name) if name:
            said = f"there is no template {name!r} in the folder {folder.name}"
    return WorkspaceError(
        f"the template cannot be rendered for {device.name}: {said}",
        where=_place(folder, template, error.__traceback__),
        do="Correct the template, or the value.",
    )


def _place(folder: Path, name: str, trace: TracebackType | None) -> str:
    """File and line of the innermost template that was at work."""
    place = str(folder / name)
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
