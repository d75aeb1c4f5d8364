"""Render an intent for a device from `<workspace>/templates/<intent>/<platform>.j2` and the inventory's values.

Templates are sandboxed and strict: a missing value is an error that names device, template, line and variable.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock
from time import thread_time
from types import FrameType, TracebackType
from typing import Any

from jinja2 import Environment, FileSystemLoader, TemplateError, TemplateNotFound, TemplateSyntaxError, Undefined
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from eventready.change.errors import combine_errors
from eventready.change.intents.template_values import (
    Lacking,
    Missing,
    MissingValue,
    TemplateVariables,
    collect_variables,
    collecting,
    missing_errors,
)
from eventready.core.allowed_content import verified
from eventready.core.errors import EventreadyError, WorkspaceError
from eventready.core.messages import Message, message
from eventready.core.this_process import limited_growth
from eventready.platforms.loader import describe
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.intent_folders import IntentFolder
from eventready.workspace.workspace import Workspace

#: Lines that a template may execute. The largest shipped template, with five hundred access points, needs ten thousand.
MAX_STEPS = 2_000_000
#: Processor time of one rendering; a filter may search long texts within one line.
MAX_SECONDS = 10.0
#: Functions of templates within each other: macros, blocks, included templates. The interpreter's own limit is near the
#: end of its stack when every call is traced.
MAX_DEPTH = 60
#: Bytes that rendering may allocate beyond the process's present size.
MAX_MEMORY = 1 << 29

_ONE_AT_A_TIME = RLock()


class EndlessTemplate(Exception):
    """The template executes more than MAX_STEPS lines."""


class SlowTemplate(Exception):
    """The template takes more than MAX_SECONDS of processor time."""


@contextmanager
def limited_rendering(folder: Path) -> Iterator[None]:
    """Limit the rendering of the templates beneath `folder` in this block.

    Raises EndlessTemplate, SlowTemplate and RecursionError in them, and MemoryError. The memory limit is the process's:
    one block at a time.
    """
    with _ONE_AT_A_TIME, limited_growth(MAX_MEMORY):
        before = sys.gettrace()
        sys.settrace(_counting(f"{folder}{os.sep}"))
        try:
            yield
        finally:
            sys.settrace(before)


def _counting(folder: str) -> Any:
    """Return a trace function for counting the lines of templates, compiled by Jinja to Python under their file
    names."""
    steps, depth, deadline = 0, 0, thread_time() + MAX_SECONDS

    def check_time() -> None:
        if thread_time() > deadline:
            raise SlowTemplate

    def count(_frame: FrameType, event: str, _value: Any) -> Any:
        nonlocal steps, depth
        if event == "return":  # of a generator at each of its pieces
            depth -= 1
        elif event == "line":
            steps += 1
            check_time()
            if steps > MAX_STEPS:
                raise EndlessTemplate
        return count

    def enter(frame: FrameType, _event: str, _value: Any) -> Any:
        """Called for every function of Python, filters and tests of templates too."""
        nonlocal depth
        check_time()
        if not frame.f_code.co_filename.startswith(folder):
            return None
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
        return count

    return enter


#: Characters; a larger output means a loop in the template.
_LARGEST = 1_000_000
#: Characters; no device accepts a longer line.
_LONGEST = 4_000
#: Names of templates that `eventready trust content` shows and binds.
_BOUND = re.compile(r"[^/]+/[^/]+\.j2")
#: Size of the largest integer that an expression may compute.
_BITS = 256


@dataclass(frozen=True)
class RenderedIntent:
    """Output of an intent for a device, and its template (`templates/backup/cisco_xe.j2`)."""

    intent: str
    text: str
    template: str
    device: str

    @property
    def origin(self) -> Message:
        """Return the origin for messages: `templates/backup/cisco_xe.j2 for edge-vh-1`."""
        return message("change:origin.template", template=self.template, device=self.device)


class _Refused(Exception):
    """A value must not be printed."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


def intent_variables(workspace: Workspace, intent: str) -> TemplateVariables:
    """Return the variables of the intent's templates for all platforms: a group's values may be for any of them."""
    folder = workspace.path / "templates"
    names = [path.relative_to(folder).as_posix() for path in sorted((folder / intent).glob("**/*.j2"))]
    return collect_variables(_environment(folder), names)


def refuse_misspelt(device: Device, intent: str, variables: TemplateVariables) -> None:
    """Raise WorkspaceError for an unused value with a name similar to a used name."""
    for place, near in variables.misspelt(device.intents.get(intent, {})):
        raise WorkspaceError(
            message("change:intent.misspelt", device=device.name, value=".".join(place), intent=intent, near=near),
            where=device.origin,
        )


def render_intent(workspace: Workspace, device: Device, intent: str) -> RenderedIntent:
    """Render the intent for the device. Raises WorkspaceError for an invalid template or value, or for several."""
    folder, known = workspace.path / "templates", workspace.intent(intent)
    name = _template(workspace, device, intent)
    own = known.filled(device.intents.get(intent, {}))
    values = {**own, **_given(workspace, device)}
    for place, text in _texts(values, ()):
        if not text.isprintable():
            raise WorkspaceError(
                message("change:intent.line_break", device=device.name, place=place, intent=intent), where=device.origin
            )
    if problems := [*_invalid(own, device, known)]:
        raise combine_errors(problems)
    return RenderedIntent(intent, _rendered(folder, name, values, device, known), f"templates/{name}", device.name)


def writes_lines(workspace: Workspace, device: Device, intent: str) -> bool:
    """Return True for an intent with lines for the device; an invalid template or value has none."""
    try:
        return bool(render_intent(workspace, device, intent).text.strip())
    except EventreadyError:
        return False


def has_template(workspace: Workspace, device: Device, intent: str) -> bool:
    """Return True for an intent with a template of the device's platform."""
    try:
        return bool(_template(workspace, device, intent))
    except EventreadyError:
        return False


def _invalid(values: Mapping[str, object], device: Device, intent: IntentFolder) -> Iterator[WorkspaceError]:
    """Yield an error for each value refused by values.yaml of the intent."""
    for place, what in intent.problems(values):
        spec = intent.at(place)
        do = (
            message("change:intent.value_meaning", meaning=spec.meaning.text, example=str(spec.example)) if spec else ""
        )
        yield WorkspaceError(
            message("change:intent.value", device=device.name, intent=intent.name, what=what),
            where=device.origin,
            do=do,
        )


def _template(workspace: Workspace, device: Device, intent: str) -> str:
    kind: str | None = device.platform
    while kind is not None:
        name = f"{intent}/{kind}.j2"
        if (workspace.path / "templates" / name).is_file():
            return name
        kind = describe(kind, workspace.platform_dirs).spec.extends
    raise WorkspaceError(
        message("change:intent.no_template", device=device.name, intent=intent, platform=device.platform),
        where=str(workspace.path / "templates" / intent / f"{device.platform}.j2"),
    )


def _given(workspace: Workspace, device: Device) -> dict[str, Any]:
    """Return the variables of every template."""
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
    """Yield every string among values, keys included, with its path."""
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
    """Return a printable value: words and numbers. A macro's output may have several lines."""
    if isinstance(value, Undefined):  # the result of `'x' if y` for a false y
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str):
        if all(letter.isprintable() or letter == "\n" for letter in value):
            return value
        raise _Refused(message("change:template.control"))
    raise _Refused(message("change:template.printed", type=type(value).__name__))


class _Environment(ImmutableSandboxedEnvironment):
    """Sandbox with a limit on the size of computed integers."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * max(0, right) if operator == "**" else left.bit_length() + right.bit_length()
            if bits > _BITS:
                raise _Refused(message("change:template.number"))
        return super().call_binop(context, operator, left, right)


class _BoundTemplates(FileSystemLoader):
    """Loader of the templates bound by a permission: `FOLDER/NAME.j2`."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the source. Raises TemplateNotFound for any other file."""
        if not _BOUND.fullmatch(template):
            raise TemplateNotFound(template)
        _source, file, fresh = super().get_source(environment, template)
        return verified(Path(file), Path(file).read_bytes()).decode(), file, fresh


@lru_cache(maxsize=8)
def _environment(folder: Path) -> _Environment:
    return _Environment(
        loader=_BoundTemplates(folder),
        undefined=Missing,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printed,
    )


def _rendered(folder: Path, name: str, values: Mapping[str, object], device: Device, intent: IntentFolder) -> str:
    try:
        with limited_rendering(folder):
            return "".join(_bounded(_environment(folder).get_template(name).generate(values)))
    except Lacking as error:
        raise _missing(error, (folder, name), values, device, intent) from None
    except TemplateSyntaxError as error:
        where = f"{error.filename or folder / name}:{error.lineno}"
        raise WorkspaceError(message("change:template.malformed", reason=error.message), where=where) from None
    except UnicodeDecodeError:
        raise WorkspaceError(message("change:template.encoding"), where=str(folder / name)) from None
    except (TemplateError, _Refused, EndlessTemplate, SlowTemplate, RecursionError, OSError) as error:
        raise _unhappy(error, folder, name, device) from None
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, MemoryError) as error:
        raise _unhappy(error, folder, name, device) from None  # of an expression in the template


def _missing(
    error: Lacking, template: tuple[Path, str], values: Mapping[str, object], device: Device, intent: IntentFolder
) -> EventreadyError:
    """Return the error for the missing values: the first, and those used by the rest of the template."""
    folder, name = template
    found = [MissingValue(error.name, error.of, _place(folder, name, error.__traceback__))]
    environment = _environment(folder).overlay(undefined=collecting(folder, found))
    with suppress(Exception), limited_rendering(folder):  # an expression may fail without its value
        deque(_bounded(environment.get_template(name).generate(values)), maxlen=0)
    return combine_errors([*missing_errors(found, values, device, intent)])


def _bounded(pieces: Iterable[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if any(len(line) > _LONGEST for line in piece.split("\n")):
            raise _Refused(message("change:template.long", most=_LONGEST))
        if size > _LARGEST:
            raise _Refused(message("change:template.large", size=_LARGEST / 1e6))
        yield piece


def _unhappy(error: BaseException, folder: Path, template: str, device: Device) -> WorkspaceError:
    reason: str | Message = str(error) or type(error).__name__
    match error:
        case _Refused():
            reason = error.reason
        case RecursionError():
            reason = message("change:template.recursion")
        case EndlessTemplate():
            reason = message("change:template.endless", millions=MAX_STEPS / 1e6)
        case SlowTemplate():
            reason = message("change:template.slow", seconds=MAX_SECONDS)
        case MemoryError():
            reason = message("change:template.memory", size=MAX_MEMORY >> 20)
        case TemplateNotFound(name=name) if name and not _BOUND.fullmatch(str(name)):
            reason = message("change:template.not_bound", name=str(name))
        case TemplateNotFound(name=name) if name:
            reason = message("change:template.not_found", name=str(name), folder=folder.name)
    return WorkspaceError(
        message("change:template.failed", device=device.name, reason=reason),
        where=_place(folder, template, error.__traceback__),
    )


def _place(folder: Path, name: str, trace: TracebackType | None) -> str:
    """Return file and line of the innermost template in the traceback."""
    place = str(folder / name)
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
