"""Devices of a NetBox server, read with pynetbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import lines_of
from eventready.workspace.devices.device import ROLES
from eventready.workspace.importing.entries import Entry
from eventready.workspace.importing.table import CellPlace
from eventready.workspace.importing.web import Bounds, bounded_session

#: Maximum number of records.
MAX_RECORDS = 50_000


@dataclass(frozen=True)
class NetBoxSource:
    """Server and mapping. `filters`: query of `dcim/devices`; `roles`, `platforms`: slug to name.

    `allow_http`: the token may be sent in clear text.
    """

    url: str
    token: str
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)
    venue_field: str = "venues"
    allow_http: bool = False


def read_netbox(source: NetBoxSource) -> list[Entry]:
    """Devices with a name and a primary address. Raises UsageError, also beyond the bounds of an import (`web`)."""
    bounds = Bounds(source.url, allow_http=source.allow_http)
    try:
        return bounds.within(lambda: _devices(source, _api(source, bounds)))
    except UsageError:
        raise
    except Exception as error:  # pynetbox and requests raise their own types
        raise UsageError(message("workspace:netbox.unreadable", reason=_reason(error)), where=source.url) from None


def _devices(source: NetBoxSource, api: Any) -> list[Entry]:
    records = api.dcim.devices.filter(**source.filters) if source.filters else api.dcim.devices.all()
    devices = []
    for number, record in enumerate(records, 1):
        if number > MAX_RECORDS:
            raise UsageError(message("workspace:netbox.too_many", limit=MAX_RECORDS), where=source.url)
        device = _device(dict(record), source)
        devices += [device] if device else []
    return devices


def _api(source: NetBoxSource, bounds: Bounds) -> Any:
    try:
        import pynetbox  # noqa: PLC0415  optional
    except ImportError:
        raise UsageError(message("workspace:netbox.package")) from None
    api = pynetbox.api(source.url, token=source.token)
    api.http_session = bounded_session(bounds)
    return api


def _reason(error: Exception) -> str:
    lines = lines_of(str(error).strip()) or [type(error).__name__]
    return lines[0][:200]


def _device(record: Mapping[str, Any], source: NetBoxSource) -> Entry | None:
    """Device of a record; None without name or primary address."""
    address = record.get("primary_ip4") or record.get("primary_ip6") or record.get("primary_ip")
    name = record.get("name")
    if not name or not address:
        return None
    entry: dict[str, Any] = {"hostname": _address(address)}
    platform = _slug(record.get("platform"))
    if platform:
        entry["platform"] = source.platforms.get(platform, platform.replace("-", "_"))
    data: dict[str, Any] = {}
    role = _slug(record.get("role") or record.get("device_role"))
    mapped = source.roles.get(role, role.replace("-", "_"))
    if mapped in ROLES or role in source.roles:
        data["role"] = mapped
    venues = _names((record.get("custom_fields") or {}).get(source.venue_field))
    if venues:
        data["venues"] = venues
    if data:
        entry["data"] = data
    return Entry(str(name), entry, CellPlace(source.url, f"device {name}", ", "))


def _address(address: Any) -> str:
    text = address.get("address", "") if isinstance(address, Mapping) else str(address)
    return str(text).partition("/")[0]


def _slug(part: Any) -> str:
    return str(part.get("slug") or "") if isinstance(part, Mapping) else ""


def _names(value: Any) -> list[str]:
    """Names of a custom field: text with separators, choices, or objects with a slug."""
    if not value:
        return []
    items: Iterable[Any] = value.replace(",", ";").split(";") if isinstance(value, str) else value
    found = (
        str(item.get("slug") or item.get("name") or "") if isinstance(item, Mapping) else str(item) for item in items
    )
    return [name.strip() for name in found if name.strip()]
