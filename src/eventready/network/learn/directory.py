"""Directory of the devices: the device behind a neighbour, by its names and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from eventready.facts.ports import port_key
from eventready.facts.records import Neighbour, System
from eventready.network.network_facts import DeviceFacts, NetworkFacts


class Directory:
    """Devices by inventory name, host name and address; a name of several devices leads to none."""

    def __init__(self, readings: NetworkFacts) -> None:
        self._readings = readings

    def device_of(self, row: Neighbour) -> DeviceFacts | None:
        """Return the device behind a neighbour, by its name, else by its management address."""
        owner = self.owner(row.device) or self.owner(row.management_address or "")
        return self._readings.by_name[owner] if owner else None

    def owner(self, name: str) -> str | None:
        """Return the name of the device with a name, host name or address."""
        return (self._owners.get(_plain(name)) or self._owners.get(_short(name))) if name else None

    @cached_property
    def _owners(self) -> dict[str, str | None]:
        owners: dict[str, str | None] = {}
        for reading in self._readings.all:
            for name in set(_names(reading)):
                owners[name] = reading.name if owners.get(name, reading.name) == reading.name else None
        owners |= {_plain(reading.name): reading.name for reading in self._readings.all}
        return owners


def _names(reading: DeviceFacts) -> Iterator[str]:
    hosts = [row.hostname for row in reading.fact("system", System).each_row() if row.hostname]
    for name in (reading.name, *hosts):
        yield _plain(name)
        yield _short(name)
    yield reading.device.hostname.casefold()
    for _port, address, _vrf in reading.addresses():
        yield address.partition("/")[0].casefold()


def _plain(name: str) -> str:
    """Return a name without the serial number of CDP in parentheses."""
    return name.partition("(")[0].strip().casefold()


def _short(name: str) -> str:
    """Return a name without its domain; an address unchanged."""
    plain = _plain(name)
    return plain if plain.replace(".", "").isdigit() or ":" in plain else plain.partition(".")[0]


def far_port(reading: DeviceFacts, printed: str | None) -> str | None:
    """Return the far device's spelling of a printed port, by name or description; None for an unlisted port.

    A device is believed about ports that were not read.
    """
    if not printed or not reading.measured("interface"):
        return printed
    row = reading.ports.get(port_key(printed))
    if row is None:
        named = [row for row in reading.ports.values() if row.description == printed]
        row = named[0] if len(named) == 1 else None
    if row is None and not reading.whole("interface"):
        return printed
    return row.name if row else None
