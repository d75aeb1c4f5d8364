"""risk.yaml: groups of devices, ports and links with a common cause of failure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import Suggestions
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.model import WorkspaceModel

#: Between the ends of a link.
_LINK = " - "


def ends(member: str) -> tuple[tuple[str, str], ...]:
    """Ends of a member as (device, port): a single end for a device (without a port) or port, two for a link."""
    return tuple(
        (device.strip(), port.strip()) for device, _, port in (end.partition(":") for end in member.split(_LINK))
    )


def _member(value: str) -> str:
    found = ends(value)
    if (
        len(found) > 2
        or not all(device for device, _port in found)
        or (len(found) == 2 and not all(p for _d, p in found))
    ):
        raise InvalidValue(message("workspace:risk.member", value=value))
    return value


#: An element of the network, as text.
Member = Annotated[str, AfterValidator(_member)]


class RiskGroup(WorkspaceModel):
    """Group with a common cause of failure."""

    name: str = Field(min_length=1, max_length=100)
    kind: Literal["duct", "feed", "tower", "line", "room", "card"]
    members: tuple[Member, ...] = Field(
        min_length=1, description="device, device:port (or a site or cell of it), device:port - device:port"
    )


class RiskFile(WorkspaceModel):
    """risk.yaml"""

    groups: tuple[RiskGroup, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [group.name for group in self.groups]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise InvalidValue(message("workspace:risk.twice", name=twice))
        return self


def load_risks(path: Path, *, devices: Iterable[str], lab: bool = False) -> tuple[RiskGroup, ...]:
    """Read risk.yaml; an absent file means no groups. Raises WorkspaceError, also for an unknown device.

    A lab may play some of the devices only.
    """
    if not path.exists():
        return ()
    document = load_yaml(path, may_be_empty=True)
    groups = document.validate(RiskFile).groups
    names = dict.fromkeys(devices)
    remedy = Suggestions(names)
    problems: list[WorkspaceError] = []
    for index, group in enumerate(groups):
        if group.name in names:
            problems.append(document.error(message("workspace:risk.named", name=group.name), "groups", index, "name"))
    for index, group in enumerate(() if lab else groups):
        for place, member in enumerate(group.members):
            for device, _port in ends(member):
                if device not in names:
                    what = message("workspace:risk.device", name=group.name, device=device)
                    problems.append(document.error(what, "groups", index, "members", place, do=remedy.of(device)))
    raise_errors(problems)
    return groups
