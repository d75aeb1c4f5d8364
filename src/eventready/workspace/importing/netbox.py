"""Devices of a NetBox server, read with pynetbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.devices.device import ROLES
from eventready.workspace.importing.entries import Entry, server_entry
from eventready.workspace.importing.web import ServerSource, read_server

#: Maximum number of records.
MAX_RECORDS = 50_000


@dataclass(frozen=True)
class NetBoxPart:
    """Part of a record: an address, or an object with a slug."""

    slug: str | None = None
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class NetBoxDevice:
    """Record of `dcim/devices`."""

    name: str | None = None
    primary_ip4: NetBoxPart | str | None = None
    primary_ip6: NetBoxPart | str | None = None
    primary_ip: NetBoxPart | str | None = None
    platform: NetBoxPart | str | None = None
    role: NetBoxPart | str | None = None
    device_role: NetBoxPart | str | None = None
    custom_fields: dict[str, object] = field(default_factory=dict)


_RECORD, _PARTS = TypeAdapter(NetBoxDevice), TypeAdapter(list[NetBoxPart | str])


def read_netbox(source: ServerSource) -> list[Entry]:
    """Devices with a name and a primary address. Raises UsageError, also beyond the bounds of an import (`web`)."""
    return read_server("NetBox", source, lambda session: _devices(source, _api(source, session)))


def _devices(source: ServerSource, api: Any) -> list[Entry]:
    records = api.dcim.devices.filter(**source.filters) if source.filters else api.dcim.devices.all()
    devices = []
    for number, record in enumerate(records, 1):
        if number > MAX_RECORDS:
            raise UsageError(message("workspace:netbox.too_many", limit=MAX_RECORDS), where=source.url)
        device = _device(_RECORD.validate_python(dict(record)), source)
        devices += [device] if device else []
    return devices


def _api(source: ServerSource, session: Any) -> Any:
    import pynetbox  # noqa: PLC0415  of an optional extra

    api = pynetbox.api(source.url, token=source.token)
    api.http_session = session
    return api


def _device(record: NetBoxDevice, source: ServerSource) -> Entry | None:
    """Device of a record; None without name or primary address."""
    address = record.primary_ip4 or record.primary_ip6 or record.primary_ip
    if not record.name or not address:
        return None
    platform = _slug(record.platform)
    role = _slug(record.role or record.device_role)
    mapped = source.roles.get(role, role.replace("-", "_"))
    return server_entry(
        source.url, "device", record.name,
        hostname=(address if isinstance(address, str) else address.address or "").partition("/")[0],
        platform=source.platforms.get(platform, platform.replace("-", "_")),
        role=mapped if mapped in ROLES or role in source.roles else "",
        venues=_names(record.custom_fields.get(source.venue_field)),
    )  # fmt: skip


def _slug(part: NetBoxPart | str | None) -> str:
    return part.slug or "" if isinstance(part, NetBoxPart) else ""


def _names(value: object) -> list[str]:
    """Names of a custom field: text with separators, choices, or objects with a slug."""
    items = value.replace(",", ";").split(";") if isinstance(value, str) else _PARTS.validate_python(value or [])
    found = (item if isinstance(item, str) else item.slug or item.name or "" for item in items)
    return [name.strip() for name in found if name.strip()]
