"""Schema of hosts.yaml, groups.yaml and defaults.yaml: Nornir's SimpleInventory, with own keys under `data`."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, RootModel, model_validator

from eventready.workspace.devices.access import Access, Address
from eventready.workspace.devices.device import Role, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.devices.intents import Intents
from eventready.workspace.model import WorkspaceModel

#: Prefix of user-defined keys under `data`.
USER_PREFIX = "x_"


class Data(WorkspaceModel):
    """`data` of a host, a group or the defaults. Keys with the prefix `x_` are user-defined."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {f"^{USER_PREFIX}": {}}})

    role: Role | None = None
    venues: tuple[str, ...] | None = Field(default=None, description="Venues of event.yaml served by the device")
    services: tuple[Service, ...] | None = Field(
        default=None,
        description="Services of its own users, default: those of the role; of a service host those that event.yaml "
        "or RADIUS clients ask there; of a switch none",
    )
    endpoint: str | None = Field(
        default=None, description="Name of the management address, whose devices share a session limit"
    )
    element: str | None = Field(default=None, description="Name of the device in its element manager")
    reach: str | None = Field(
        default=None,
        pattern=r"^[\w.-]{1,64}$",
        description="Network of the management address: workers that name it read it",
    )
    allow_cleartext: bool | None = Field(default=None, description="Allow protocols without encryption")
    access: Access | None = Field(default=None, description="Jump host, keys, codes, algorithms; merged key by key")
    expect: Expect | None = Field(default=None, description="Expected state")
    service: dict[str, Any] | None = Field(
        default=None, description="Set up by playbooks/prepare.yml: portal, floating, names, time, log"
    )
    intents: Intents | None = Field(default=None, description="Intents of the device, with template values (may be {})")
    pair: str | None = Field(
        default=None, min_length=1, description="Name of a redundant pair, whose devices are never changed together"
    )

    @model_validator(mode="before")
    @classmethod
    def _without_user_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {
                key: value for key, value in data.items() if not (isinstance(key, str) and key.startswith(USER_PREFIX))
            }
        return data


class Connection(WorkspaceModel):
    """Entry of `connection_options`."""

    hostname: Address | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: str | None = None
    platform: str | None = None
    extras: dict[str, Any] | None = None


class Defaults(WorkspaceModel):
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
