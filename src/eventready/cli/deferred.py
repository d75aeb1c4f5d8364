"""Imports of a command, made when the command runs: its help, the version and completion need none of them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import click

from eventready.core.this_process import ONCE, relaxed_gc

_ordinary = builtins.__import__
#: True while `load_command` imports a module for its declarations.
_declaring: ContextVar[bool] = ContextVar("_declaring", default=False)
#: Global names of the modules with imports left.
_modules: list[dict[str, Any]] = []


class _Name:
    """Name of a module without its import so far."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def load(self) -> Any:
        return getattr(_ordinary(self._module, fromlist=[self._name]), self._name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.load()(*arguments, **named)


@contextmanager
def deferred() -> Iterator[None]:
    """Leave the `from ... import` lines of the block to the run of a command, where its declarations are loaded."""
    chosen: Any = _postponed if _declaring.get() else _ordinary
    builtins.__import__ = chosen
    try:
        yield
    finally:
        builtins.__import__ = _ordinary


def _postponed(
    module: str,
    names: dict[str, Any],
    _locals: Mapping[str, object] | None = None,
    wanted: Sequence[str] | None = (),
    _level: int = 0,
) -> SimpleNamespace:
    _modules.append(names)
    return SimpleNamespace(**{name: _Name(module, name) for name in wanted or ()})


def load_deferred() -> None:
    """Import all names left so far."""
    with relaxed_gc(ONCE):
        while _modules:
            names = _modules.pop()
            names.update({name: value.load() for name, value in names.items() if isinstance(value, _Name)})


def declared(module: str) -> Any:
    """Import a module for its declarations."""
    token = _declaring.set(True)
    try:
        return import_module(module)
    finally:
        _declaring.reset(token)


def loading(command: click.Command) -> click.Command:
    """Wrap the bodies of a command and its subcommands in the import of all names left so far."""
    for child in command.commands.values() if isinstance(command, click.Group) else ():
        loading(child)
    if command.callback:
        command.callback = _loading(command.callback)
    return command


def _loading(body: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(body)
    def run(*arguments: Any, **options: Any) -> Any:
        if click.get_current_context().invoked_subcommand is None:
            load_deferred()
        return body(*arguments, **options)

    return run
