"""What may stand in hosts.yaml, groups.yaml and defaults.yaml: Nornir's SimpleInventory, and our keys under `data`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, RootModel, model_validator

from eventready.workspace.device import Role, Service
from eventready.workspace.event import Entry
from eventready.workspace.expect import Expect
from eventready.workspace.intents import Intents

#: Keys under `data` that begin so are the user's own.
OWN = "x_"


def _an_address(text: str) -> str:
    """No address of a network has other letters; what has, is a URL, a login or two things in one."""
    if not re.fullmatch(r"[\w.:%-]*", text):
        # It is not shown: it may hold a password.
        raise ValueError("it is no address. Write a host name or an IP address, without spaces, user or path.")
    return text


Address = Annotated[str, AfterValidator(_an_address)]


class Data(Entry):
    """`data` of a host, a group or the defaults. Keys that begin with `x_` are the user's own and may hold anything."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {f"^{OWN}": {}}})

    role: Role | None = None
    venues: tuple[str, ...] | None = Field(default=None, description="The venues of event.yaml that it serves")
    services: tuple[Service, ...] | None = Field(default=None, description="What it carries, if not all of its role")
    endpoint: str | None = Field(default=None, description="Name of the address that answers, shared session limit")
    element: str | None = Field(default=None, description="The name by which an element manager knows it")
    allow_cleartext: bool | None = Field(default=None, description="A protocol without encryption may be used")
    expect: Expect | None = Field(default=None, description="What must be there")
    intents: Intents | None = Field(
        default=None, description="What is to be configured here, with the values for its templates (may be {})"
    )
    pair: str | None = Field(
        default=None, min_length=1, description="Devices of one pair stand in for each other: never changed together"
    )

    @model_validator(mode="before")
    @classmethod
    def _without_own(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if not (isinstance(key, str) and key.startswith(OWN))}
        return data


class Connection(Entry):
    """One entry of `connection_options`."""

    hostname: Address | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: str | None = None
    platform: str | None = None
    extras: dict[str, Any] | None = None


class Defaults(Entry):
    """defaults.yaml"""

    hostname: Address | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = Field(default=None, description="A name, or a reference as for password")
    password: str | None = Field(default=None, description="env:NAME, keyring:service/user or vault:key")
    platform: str | None = None
    data: Data | None = None
    connection_options: dict[str, Connection] | None = None


class Element(Defaults):
    """A host or a group."""

    groups: tuple[str, ...] | None = None


class Elements(RootModel[dict[str, Element]]):
    """hosts.yaml or groups.yaml"""
