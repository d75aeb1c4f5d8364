"""Plugin of mypy: refuses a message of the catalogue where Python would show it in no language.

A message is no `str`, so mypy refuses it where a text is expected. These places take any object.
"""

from collections.abc import Callable, Iterator

from mypy.errorcodes import ErrorCode
from mypy.plugin import FunctionContext, MethodContext, Plugin
from mypy.types import Instance, Type, UnionType, get_proper_type

_MESSAGES = frozenset({"eventready.core.messages.Message", "eventready.core.messages.Bilingual"})
_FUNCTIONS = frozenset({"builtins.str", "builtins.print", "builtins.format", "click.utils.echo"})
#: A string literal with placeholders is formatted by `str.format` for mypy.
_FORMATTED = "builtins.str.format"
_LOGGED = "logging.Logger."
_CODE = ErrorCode("message-text", "A message of the catalogue as plain text", "eventready")


class MessagePlugin(Plugin):
    """Hooks of mypy for the calls that turn any object into text."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Hook of a function or a class."""
        return _refuse_messages if fullname in _FUNCTIONS else None

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Hook of a method."""
        return _refuse_messages if fullname == _FORMATTED or fullname.startswith(_LOGGED) else None


def _refuse_messages(call: FunctionContext | MethodContext) -> Type:
    given = (one for argument in call.arg_types for kind in argument for one in _parts(kind))
    if any(part.type.fullname in _MESSAGES for part in given):
        call.api.fail("A message as plain text is in no language; render it, or pass it on", call.context, code=_CODE)
    return call.default_return_type


def _parts(kind: Type, levels: int = 4) -> Iterator[Instance]:
    """The classes of a type: of a union, and of the elements of a collection; types of JSON contain themselves."""
    proper = get_proper_type(kind)
    if isinstance(proper, Instance):
        yield proper
    inner = proper.items if isinstance(proper, UnionType) else proper.args if isinstance(proper, Instance) else ()
    for one in inner if levels else ():
        yield from _parts(one, levels - 1)


def plugin(version: str) -> type[Plugin]:
    """Plugin of mypy, of its name."""
    return MessagePlugin
