"""The shape of a platform folder: `platform.yaml` and `facts.yaml`, checked when they are loaded."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Strict(BaseModel):
    """Base: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _compiles(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"the pattern {pattern!r} does not compile: {error}") from None
    return patterns


class NetmikoSpec(Strict):
    """How Netmiko connects: its device_type (stock or ours), and extra ConnectHandler arguments."""

    device_type: str
    options: dict[str, Any] = Field(default_factory=dict)


class SessionSpec(Strict):
    """How the platform talks. Patterns are Python regular expressions, matched per line unless said otherwise."""

    prompt: str = Field(description="The whole last line when the device waits for a command")
    newline: str = "\n"
    setup: tuple[str, ...] = Field(default=(), description="Sent first, answers ignored: paging off, width")
    pager: str = Field(default="", description="What a pager shows that could not be switched off")
    pager_answer: str = " "
    pipeline: int = Field(default=1, ge=1, le=64, description="Commands written ahead of their answers")
    refused: tuple[str, ...] = Field(default=(), description="The device's words for: no such command")
    denied: tuple[str, ...] = Field(default=(), description="The device's words for: not allowed for you")
    noise: tuple[str, ...] = Field(default=(), description="Log lines that may appear anywhere, and are dropped")
    ends_with: str = Field(default="", description="End of an answer where there is no prompt (MML)")
    limit: int = Field(default=5, ge=1, description="Sessions at once per endpoint")
    command_timeout_s: float = Field(default=30.0, gt=0)
    cleartext: bool = Field(default=False, description="The protocol carries passwords in clear (telnet, MML)")

    _patterns = field_validator("refused", "denied", "noise")(_compiles)
    _single = field_validator("prompt", "pager", "ends_with")(lambda pattern: _compiles((pattern,))[0])


class PlatformSpec(Strict):
    """platform.yaml"""

    title: str
    roles: tuple[str, ...]
    extends: str | None = Field(default=None, description="Another platform whose facts this one starts from")
    netmiko: NetmikoSpec
    session: SessionSpec
    read_only: tuple[str, ...] = Field(description="The whole command must match one of these to be sent by an audit")
    never_sent: tuple[str, ...] = Field(default=(), description="Lines that no one may send by this tool")

    _patterns = field_validator("read_only", "never_sent")(_compiles)


class FactSpec(Strict):
    """How one fact is read: `fields` maps a record's field to a column, `words` a column's text to the record's word.

    A key of `words` between slashes is a regular expression; other keys are compared without regard to case.
    """

    command: str
    parser: str = Field(description="textfsm, ntc, jmespath, mml, or the name of an entry point")
    template: str = Field(default="", description="textfsm: file in parse/; ntc: template name; jmespath: expression")
    fields: dict[str, str]
    words: dict[str, dict[str, str | bool]] = Field(default_factory=dict)
    constants: dict[str, str | int | float | bool] = Field(default_factory=dict)
    defaults: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="A field's value where the device prints nothing for it"
    )
    empty: tuple[str, ...] = Field(default=(), description="The device's own words for: there is none")

    _patterns = field_validator("empty")(_compiles)


class FactsSpec(Strict):
    """facts.yaml"""

    facts: dict[str, FactSpec]
    cannot_tell: dict[str, str] = Field(
        default_factory=dict, description="Facts this kind of equipment has no words for, and why"
    )


Parser = Literal["textfsm", "ntc", "jmespath", "mml"]
