"""circuits.yaml: objects of providers as elements of the own network, and how providers are answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import Sentence, Suggestions
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.event import ADDRESS
from eventready.workspace.settings.risk import Member, RiskGroup, ends


class Provider(WorkspaceModel):
    """A provider, as named in its notices."""

    id: str = Field(min_length=1, max_length=120)
    email: str = Field(default="", pattern=f"^({ADDRESS})?$", description="Where objections go")
    object_days: int = Field(default=3, ge=0, le=60, description="Working days before a work for an objection")


class Circuit(WorkspaceModel):
    """An object of a provider. `provider` absent: of any provider."""

    id: str = Field(min_length=1, max_length=120)
    provider: str = Field(default="", max_length=120)
    members: tuple[Member, ...] = Field(
        min_length=1, description="device, device:port, device:port - device:port, or risk group"
    )


class CircuitFile(WorkspaceModel):
    """circuits.yaml"""

    providers: tuple[Provider, ...] = ()
    circuits: tuple[Circuit, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        keys = [("", one.id.casefold()) for one in self.providers]
        keys += [(f"/{one.provider.casefold()}", one.id.casefold()) for one in self.circuits]
        if twice := next((name for (_place, name), count in Counter(keys).items() if count > 1), None):
            raise InvalidValue(message("works:circuit_twice", name=twice))
        return self


@dataclass(frozen=True)
class Circuits:
    """Providers, and the elements of their objects."""

    providers: Sequence[Provider] = ()
    circuits: Sequence[Circuit] = field(default=(), repr=False)

    def provider(self, name: str) -> Provider:
        """Return a provider, without an address if unlisted."""
        found = (one for one in self.providers if one.id.casefold() == name.casefold())
        return next(found, Provider(id=name))

    def members(self, provider: str, circuit: str) -> tuple[str, ...]:
        """Elements of an object, of its provider before any; none for an unmapped object."""
        named = self._by_id.get(circuit.casefold(), {})
        return named.get(provider.casefold()) or named.get("", ())

    @cached_property
    def _by_id(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        found: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        for one in self.circuits:
            found[one.id.casefold()][one.provider.casefold()] = one.members
        return found


def load_circuits(
    path: Path, *, devices: Iterable[str], risks: Sequence[RiskGroup] = (), lab: bool = False
) -> Circuits:
    """Read circuits.yaml; an absent file means none. Raises WorkspaceError, also for an unknown device or group."""
    if not path.exists():
        return Circuits()
    document = load_yaml(path, may_be_empty=True)
    found = document.validate(CircuitFile)
    known = dict.fromkeys((*devices, *(group.name for group in risks)))
    problems: list[WorkspaceError] = []
    for index, one in enumerate(() if lab else found.circuits):
        for place, what, do in unknown_members(one.members, known, one.id):
            problems.append(document.error(what, "circuits", index, "members", place, do=do))
    raise_errors(problems)
    return Circuits(found.providers, found.circuits)


def unknown_members(
    members: Sequence[str], known: Collection[str], owner: str
) -> Iterator[tuple[int, Sentence, Sentence]]:
    """Index, cause and remedy of each member at an unknown device or group."""
    for index, member in enumerate(members):
        for device, _port in () if member in known else ends(member):
            if device not in known:
                what = message("works:member", name=owner, device=device)
                yield index, what, Suggestions(dict.fromkeys(known)).of(device)
