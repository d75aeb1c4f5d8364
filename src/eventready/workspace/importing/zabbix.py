"""Devices of a Zabbix server (6.0 or later), read over its JSON-RPC API; peaks of a month as notes to ports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import time
from typing import Any, TypeVar

from pydantic import JsonValue, TypeAdapter

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.importing.entries import Entry, server_entry
from eventready.workspace.importing.known import Known
from eventready.workspace.importing.web import ServerSource, read_server

R = TypeVar("R")

#: Maximum number of hosts; hosts per request.
MAX_HOSTS, _AT_ONCE = 50_000, 50
#: Span of the peaks, in seconds, and traffic items of a port: `net.if.in[ifHCInOctets.7]` of templates for SNMP.
MONTH_S = 30 * 86_400
_TRAFFIC = re.compile(r"net\.if\.(?P<way>in|out)\[")
#: Port in the name of an item: `Interface GigabitEthernet0/0/1(to core): Bits received`.
_PORT = re.compile(r"Interface (?P<port>[^\s():]+)")
#: Types of Zabbix interfaces in the order in which they are taken: SNMP, agent, IPMI, JMX.
_KINDS = ("2", "1", "3", "4")
#: Key of the peaks under `data`.
PEAKS = "x_peaks"


@dataclass(frozen=True)
class _Member:
    hostid: str


@dataclass(frozen=True)
class _Group:
    groupid: str
    name: str
    hosts: tuple[_Member, ...] = ()


@dataclass(frozen=True)
class _Interface:
    main: str = ""
    type: str = _KINDS[-1]
    useip: str = ""
    ip: str = ""
    dns: str = ""

    @property
    def address(self) -> str:
        return self.ip if self.useip == "1" else self.dns

    @property
    def order(self) -> tuple[bool, int]:
        return self.main != "1", _KINDS.index(self.type)


@dataclass(frozen=True)
class _Tag:
    tag: str
    value: str


@dataclass(frozen=True)
class _Template:
    name: str


@dataclass(frozen=True)
class _Host:
    """Host; without an inventory Zabbix prints an empty list."""

    hostid: str
    host: str
    name: str = ""
    interfaces: tuple[_Interface, ...] = ()
    tags: tuple[_Tag, ...] = ()
    parentTemplates: tuple[_Template, ...] = ()
    inventory: dict[str, str] | list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Item:
    itemid: str
    hostid: str
    key_: str
    name: str
    units: str = ""


@dataclass(frozen=True)
class _Trend:
    itemid: str
    value_max: float


def read_zabbix(source: ServerSource, known: Known) -> list[Entry]:
    """Monitored hosts with an address. Raises UsageError, also beyond the bounds of an import (`web`)."""
    return read_server("Zabbix", source, lambda session: _devices(_Api(source, session), source, known))


class _Api:
    """Calls of the JSON-RPC API."""

    def __init__(self, source: ServerSource, session: Any) -> None:
        base = source.url.rstrip("/").removesuffix("/api_jsonrpc.php")
        self._url, self._source, self._session = f"{base}/api_jsonrpc.php", source, session
        self._numbers = count(1)

    def call(self, record: type[R], method: str, **params: Any) -> list[R]:
        """Records of a method. Raises UsageError for an error of the server, ValueError for records of another form."""
        number = next(self._numbers)
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": number}
        headers = {"Content-Type": "application/json-rpc", "Authorization": f"Bearer {self._source.token}"}
        # The number makes each address another one: an import refuses a page that comes again and again.
        answer = self._session.post(f"{self._url}?n={number}", data=json.dumps(body), headers=headers)
        answer.raise_for_status()
        document = answer.json()
        if "error" in document:
            error = document["error"]
            reason = f"{error.get('message', '')} {error.get('data', '')}".strip()
            what = message("workspace:web.unreadable", server="Zabbix", reason=reason[:200])
            raise UsageError(what, where=self._source.url)
        return TypeAdapter(list[record]).validate_python(document["result"])  # type: ignore[valid-type]


def _devices(api: _Api, source: ServerSource, known: Known) -> list[Entry]:
    groups = _groups(api, source)
    narrowed = {"groupids": [group.groupid for group in groups]} if source.filters.get("group") else {}
    hosts = api.call(
        _Host, "host.get", output=["hostid", "host", "name"], filter={"status": "0"}, limit=MAX_HOSTS + 1,
        selectInterfaces=["type", "main", "useip", "ip", "dns", "port"], selectTags=["tag", "value"],
        selectParentTemplates=["name"], selectInventory=["vendor", "model", "os", "hardware"], **narrowed,
    )  # fmt: skip
    if len(hosts) > MAX_HOSTS:
        raise UsageError(message("workspace:zabbix.too_many", limit=MAX_HOSTS), where=source.url)
    member = _members(groups)
    peaks = _peaks(api, hosts) if source.peaks else {}
    found = ((_device(host, member.get(host.hostid, []), source, known), host.hostid) for host in hosts)
    return [_with_peaks(device, peaks.get(hostid, {})) for device, hostid in found if device is not None]


def _groups(api: _Api, source: ServerSource) -> list[_Group]:
    """Groups with the identifiers of their hosts. Raises UsageError for an unknown group."""
    names = source.filters.get("group", ())
    named = {"filter": {"name": [*names]}} if names else {}
    groups = api.call(_Group, "hostgroup.get", output=["groupid", "name"], selectHosts=["hostid"], **named)
    missing = sorted({*names} - {group.name for group in groups})
    if missing:
        raise UsageError(message("workspace:zabbix.group", name=missing[0]), where=source.url)
    return groups


def _members(groups: Iterable[_Group]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group in groups:
        for host in group.hosts:
            found.setdefault(host.hostid, []).append(group.name)
    return found


def _device(host: _Host, groups: Sequence[str], source: ServerSource, known: Known) -> Entry | None:
    """Device of a host; None without an address."""
    interfaces = sorted(host.interfaces, key=lambda one: one.order)
    address = next((one.address for one in interfaces if one.address), "")
    if not address:
        return None
    templates = [template.name for template in host.parentTemplates]
    labels = [*groups, *templates]
    role = _mapped(labels, source.roles) or _only(
        name for group in groups for name in known.vocabularies["role"].meant(group)
    )
    platform = _mapped(labels, source.platforms) or _platform(host, templates, role, known)
    venues = [source.venues[label] for label in labels if label in source.venues]
    tags = [tag.value for tag in host.tags if tag.tag == source.venue_field]
    words = known.vocabularies["venue"]
    for text in (part.strip() for tag in tags for part in tag.replace(";", ",").split(",")):
        venues.append(_only(words.meant(text)) or text)
    name = host.name or host.host
    return server_entry(source.url, "host", name, hostname=address, platform=platform, role=role, venues=venues)


def _mapped(labels: Iterable[str], mapping: Mapping[str, str]) -> str:
    return next((mapping[label] for label in labels if label in mapping), "")


def _only(names: Iterable[str]) -> str:
    distinct = {*names}
    return distinct.pop() if len(distinct) == 1 else ""


def _platform(host: _Host, templates: Sequence[str], role: str, known: Known) -> str:
    """Platform by the host's inventory, else by its templates (`Cisco IOS by SNMP`)."""
    inventory = host.inventory if isinstance(host.inventory, dict) else {}
    facts = " ".join(inventory.get(key, "") for key in ("vendor", "os", "model"))
    for text in (facts, *(re.sub(r" by \w+$", "", template) for template in templates)):
        if text.strip() and (name := _only(known.platforms_of(text.strip(), role))):
            return name
    return ""


def _peaks(api: _Api, hosts: Sequence[_Host]) -> dict[str, dict[str, dict[str, float]]]:
    """Peak of the month in bit/s by host, port and direction."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for start in range(0, len(hosts), _AT_ONCE):
        some = [host.hostid for host in hosts[start : start + _AT_ONCE]]
        for hostid, port, way, value in _host_peaks(api, some):
            ways = found.setdefault(hostid, {}).setdefault(port, {})
            ways[way] = max(value, ways.get(way, 0.0))
    return found


def _host_peaks(api: _Api, hostids: Sequence[str]) -> Iterator[tuple[str, str, str, float]]:
    items = api.call(
        _Item, "item.get", hostids=[*hostids], output=["itemid", "hostid", "key_", "name", "units"],
        search={"key_": "net.if."}, filter={"status": "0"},
    )  # fmt: skip
    traffic = {
        item.itemid: (item.hostid, port["port"], way["way"])
        for item in items
        if item.units == "bps" and (way := _TRAFFIC.match(item.key_)) and (port := _PORT.search(item.name))
    }
    since = int(time()) - MONTH_S
    if traffic:
        for trend in api.call(_Trend, "trend.get", itemids=[*traffic], time_from=since, output=["itemid", "value_max"]):
            yield (*traffic[trend.itemid], trend.value_max)


def _with_peaks(device: Entry, ports: Mapping[str, Mapping[str, float]]) -> Entry:
    """Device with its peaks as notes: `GigabitEthernet0/0/1: in 812 Mbit/s, out 95 Mbit/s`."""
    if not ports:
        return device
    notes: dict[str, JsonValue] = {
        port: ", ".join(f"{way} {value / 1e6:.0f} Mbit/s" for way, value in sorted(ways.items()))
        for port, ways in sorted(ports.items())
    }
    return device.with_data(**{PEAKS: notes})
