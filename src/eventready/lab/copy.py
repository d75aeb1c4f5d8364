"""The workspace copy that a lab is audited by: the engineer's own inventory, with the lab's addresses and passwords."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eventready.errors import UsageError
from eventready.lab.machine import Credentials
from eventready.lab.place import write_private
from eventready.lab.server import HOST, Lab
from eventready.workspace.device import Device
from eventready.workspace.workspace import Workspace

_WHERE = ("hostname", "port", "username", "password")
_HEADER = "# Written by `eventready lab up`, anew each time: change the workspace that it was made of instead.\n"
_SECRETS = ("secret", "shell_username", "shell_password")
_REWRITTEN = ("event.yaml", "hosts.yaml", "groups.yaml", "defaults.yaml", "vault.yml")
_BY_DEVICE = ("limits.yaml", "waivers.yaml")  # name devices, which a generated fleet does not have
_NOBODY = 9  # the discard port, where no one listens
_LAB_LINE = re.compile(r"^lab\s*:.*$", re.MULTILINE)


def refuse_foreign(folder: Path) -> None:
    """Raise UsageError when the folder holds a workspace that is no lab's: it is never written over."""
    event = folder / "inventory" / "event.yaml"
    if event.exists() and "\nlab: true\n" not in f"\n{event.read_text(encoding='utf-8', errors='replace')}\n":
        raise UsageError(f"{folder} holds a workspace of your own", do="Name an empty folder with --out.")


@dataclass(frozen=True)
class Answer:
    """Where a device of a lab answers, and to whom. `host_key` is empty for one without SSH; `shell` logs in to the
    host's own shell beside its command line."""

    port: int
    login: Credentials
    host_key: str = ""
    shell: Credentials | None = None


def write_copy(workspace: Workspace, devices: Sequence[Device], lab: Lab, credentials: Credentials, out: Path) -> None:
    """Write the copy for these devices, readable by its owner only.

    A device that the lab does not play stays in it, so that whoever names it still finds it; nobody answers for it.
    """
    answers = {
        name: Answer(lab.port(name), credentials, lab.host_key(name), machine.host)
        for name, machine in lab.machines.items()
    }
    generated = not any(device.name in workspace.files.hosts for device in devices)
    nobody = Answer(_NOBODY, credentials)
    raw = {} if generated else workspace.files.hosts
    write_played(workspace, {device: answers.get(device.name, nobody) for device in devices}, raw, out)


def write_played(workspace: Workspace, answers: Mapping[Device, Answer], hosts: Mapping[str, Any], out: Path) -> None:
    """Write a copy whose devices answer as told. `hosts` are the inventory's own entries for them; where it is empty,
    the devices are the lab's own, and the limits and waivers of the workspace's do not speak of them."""
    refuse_foreign(out)
    source = workspace.path
    for folder in ("inventory", "templates", "playbooks"):
        _copy_tree(source / folder, out / folder, () if hosts else _BY_DEVICE)
    inventory = out / "inventory"
    event = (source / "inventory" / "event.yaml").read_text(encoding="utf-8")
    write_private(inventory / "event.yaml", _marked(event))
    files = workspace.files
    groups = {name: _without_addresses(raw or {}) for name, raw in files.groups.items()}
    write_private(inventory / "groups.yaml", _yaml(groups))
    write_private(inventory / "defaults.yaml", _yaml(_without_addresses(files.defaults)))
    entries = {}
    for device, answer in answers.items():
        entry = _without_addresses(hosts.get(device.name) or {}) if hosts else generated_host(device)
        entries[device.name] = {
            **entry, "hostname": HOST, "port": answer.port, **_login(answer.login), **_shell(entry, answer.shell)
        }  # fmt: skip
    write_private(inventory / "hosts.yaml", _HEADER + "".join(_line(name, entry) for name, entry in entries.items()))
    known = [(answer.port, answer.host_key) for answer in answers.values() if answer.host_key]
    write_private(out / "known_hosts", "".join(f"[{HOST}]:{port} {key}\n" for port, key in known))


def _copy_tree(source: Path, target: Path, without: Sequence[str]) -> None:
    for name in without:
        (target / name).unlink(missing_ok=True)
    for path in sorted(source.rglob("*")) if source.is_dir() else []:
        if path.is_file() and path.name not in (*_REWRITTEN, *without):
            goal = target / path.relative_to(source)
            goal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            goal.unlink(missing_ok=True)
            goal.touch(mode=0o600)
            goal.write_bytes(path.read_bytes())


def _marked(event: str) -> str:
    """event.yaml with `lab: true`."""
    if _LAB_LINE.search(event):
        return _LAB_LINE.sub("lab: true", event)
    begin = re.search(r"^---.*\n", event, re.MULTILINE)
    at = begin.end() if begin else 0
    return f"{event[:at]}{_HEADER}lab: true\n{event[at:]}"


def _without_addresses(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A host's, group's or the defaults' entry without what would lead to the real device."""
    kept = {key: value for key, value in raw.items() if key not in _WHERE}
    options = {name: _without_login(entry or {}) for name, entry in (raw.get("connection_options") or {}).items()}
    return {**kept, "connection_options": options} if options else kept


def _without_login(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One of the `connection_options`; the lab asks for no enable password, and has its own shell logins."""
    kept = {key: value for key, value in entry.items() if key not in _WHERE}
    if kept.get("extras"):
        kept["extras"] = {key: value for key, value in kept["extras"].items() if key not in _SECRETS}
    return kept


def _login(credentials: Credentials) -> dict[str, str]:
    return {"username": credentials.username, "password": credentials.password}


def _shell(entry: Mapping[str, Any], shell: Credentials | None) -> dict[str, Any]:
    """The entry's `connection_options` with the login to the host's shell; nothing where there is none."""
    if shell is None:
        return {}
    options = dict(entry.get("connection_options") or {})
    ours = dict(options.get("eventready") or {})
    extras = {**(ours.get("extras") or {}), "shell_username": shell.username, "shell_password": shell.password}
    return {"connection_options": {**options, "eventready": {**ours, "extras": extras}}}


def generated_host(device: Device) -> dict[str, Any]:
    """The entry for a host that no inventory file has: one of the lab's own."""
    data: dict[str, Any] = {
        "role": device.role,
        "venues": list(device.venues),
        "endpoint": device.endpoint,
        "expect": device.expect.model_dump(mode="json", exclude_unset=True),
    }
    if device.allow_cleartext:
        data["allow_cleartext"] = True
    if device.intents:
        data["intents"] = {intent: dict(values) for intent, values in device.intents.items()}
    if device.pair:
        data["pair"] = device.pair
    return {"platform": device.platform, "data": data}


def _line(name: str, entry: Mapping[str, Any]) -> str:
    """One host a line; JSON is YAML."""
    return f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(entry, ensure_ascii=False)}\n"


def _yaml(data: Mapping[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False)
