"""Drill files of the real lab, for the workspace of its own devices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from eventready.workspace.files.yaml_document import parse_yaml
from eventready_lab.control.lab_folder import write_private

_PACKAGE = "eventready_lab.real"


def write_drills(inventory: Path, devices: Collection[str]) -> None:
    """Replace the drills of an inventory by the drills of the lab for its devices."""
    folder = inventory / "drills"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.yaml"):
        old.unlink()
    for name, text in texts().items():
        if set(_devices(parse_yaml(Path(name), text).mapping())) <= set(devices):
            write_private(folder / name, text)


def texts() -> Mapping[str, str]:
    """The drill files by name."""
    found = files(_PACKAGE).joinpath("drills").iterdir()
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(found, key=lambda file: file.name)}


def _devices(drill: Mapping[str, Any]) -> Iterator[str]:
    for failure in drill["break"]:
        yield failure["device"]
    for requirement in drill.get("requires", ()):
        yield from requirement["devices"]
