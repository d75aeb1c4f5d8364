"""A scene: the faults that a rehearsal begins with, each with the findings that a good audit makes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from eventready.errors import UsageError
from eventready.lab.book import FaultBook
from eventready.lab.faults import FAULTS
from eventready.workspace.yaml import load_yaml

NONE = "none"
AUTO = "auto"


class Strict(BaseModel):
    """Base: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Find(Strict):
    """A finding that the fault must cause. `device` is where it is filed, if not at the device of the fault."""

    check: str
    subject: str
    status: Literal["warn", "fail", "not_measured"]
    device: str = ""


class Seed(Strict):
    """A fault, and what must be found of it."""

    device: str
    fault: str
    args: dict[str, Any] = Field(default_factory=dict)
    finds: tuple[Find, ...] = Field(min_length=1)


class Scene(Strict):
    """A scene file. `healthy` are findings that the healthy lab gives too: true risks of the network itself."""

    title: str
    faults: tuple[Seed, ...] = ()
    healthy: tuple[Find, ...] = ()

    @property
    def devices(self) -> set[str]:
        """The devices that something happens to."""
        return {seed.device for seed in self.faults}

    @property
    def finds(self) -> set[tuple[str, str, str, str]]:
        """(check, device, subject, status) of everything that must be found."""
        return {
            (find.check, find.device or seed.device, find.subject, find.status)
            for seed in self.faults
            for find in seed.finds
        } | {(find.check, find.device, find.subject, find.status) for find in self.healthy}

    def seed(self, book: FaultBook) -> None:
        """Make the faults. Raises UsageError."""
        for seed in self.faults:
            book.make(seed.device, seed.fault, seed.args)


_IN_ORDER = Scene(title="everything in order")


def scene_names() -> list[str]:
    """The scenes that come with the package."""
    folder = resources.files("eventready.lab") / "scenes"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_scene(name: str, devices: Collection[str], rehearse: Callable[[Scene], None]) -> Scene:
    """A scene by name or file, fit for the devices. `auto` is the first packaged one that fits, or none.

    `rehearse` makes its faults where nobody sees it, and raises UsageError when one cannot happen.
    Raises UsageError with what does not hold.
    """
    if name == NONE:
        return _IN_ORDER
    if name == AUTO:
        return next((scene for scene in map(_packaged, scene_names()) if _fits(scene, devices, rehearse)), _IN_ORDER)
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        scene = _read(path)
    elif name in scene_names():
        scene = _packaged(name)
    else:
        raise UsageError(f"there is no scene {name!r}", do=f"Known: {', '.join(scene_names())}, none, or a YAML file.")
    strangers = sorted(scene.devices - set(devices))
    if strangers:
        raise UsageError(f"the scene {name!r} speaks of {', '.join(strangers)}, which this workspace does not have")
    rehearse(scene)
    return scene


def _fits(scene: Scene, devices: Collection[str], rehearse: Callable[[Scene], None]) -> bool:
    if not scene.devices <= set(devices):
        return False
    try:
        rehearse(scene)
    except UsageError:
        return False
    return True


def _packaged(name: str) -> Scene:
    with resources.as_file(resources.files("eventready.lab") / "scenes" / f"{name}.yaml") as path:
        return _read(path)


def _read(path: Path) -> Scene:
    document = load_yaml(path)
    scene = document.validate(Scene)
    for number, seed in enumerate(scene.faults):
        if seed.fault not in FAULTS:
            raise document.error(f"there is no fault {seed.fault!r}", "faults", number, "fault")
        FAULTS[seed.fault].arguments(seed.args)
    return scene


def finds_as_data(scene: Scene) -> list[Mapping[str, str]]:
    """What must be found, as plain data for scripts."""
    keys = ("check", "device", "subject", "status")
    return [dict(zip(keys, find, strict=True)) for find in sorted(scene.finds)]
