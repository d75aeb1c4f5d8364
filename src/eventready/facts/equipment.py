"""Equipment: devices of a workspace with their platforms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from eventready.facts.platform import Platform, load_platform
from eventready.facts.questions import with_questions
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Equipment:
    """Devices with their platforms, made once for a use case. `folders`: platforms of the workspace's own.

    A platform is loaded when it is first asked for. Everything raises PlatformError for an invalid platform.
    """

    devices: tuple[Device, ...]
    folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """Return the equipment of a workspace."""
        return cls(workspace.devices, workspace.platform_dirs)

    def only(self, devices: Iterable[Device]) -> Self:
        """Return the equipment of some devices."""
        return replace(self, devices=tuple(devices))

    @cached_property
    def by_name(self) -> Mapping[str, Device]:
        """Devices by name."""
        return {device.name: device for device in self.devices}

    @cached_property
    def platforms(self) -> Mapping[str, Platform]:
        """Platforms of the devices by their own names."""
        return {name: self.named(name) for name in dict.fromkeys(device.platform for device in self.devices)}

    @cached_property
    def asking(self) -> Mapping[str, Platform]:
        """Platforms by device, with its questions. Raises WorkspaceError for questions beyond a device."""
        return {device.name: with_questions(self.named(device.platform), device) for device in self.devices}

    def named(self, platform: str) -> Platform:
        """Return a platform by its own name."""
        return load_platform(platform, self.folders)

    def platform(self, device: str) -> Platform:
        """Return the platform of a device. Raises KeyError for another device."""
        return self.named(self.by_name[device].platform)
