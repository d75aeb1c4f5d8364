"""The workspace copy of a lab: the engineer's inventory with the lab's addresses and credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.devices.device import Device
from eventready.workspace.files.yaml_document import parse_yaml
from eventready.workspace.permission import allow, is_allowed
from eventready.workspace.settings.performance import PerformanceFile, load_performance
from eventready.workspace.workspace import Workspace
from eventready_lab.control.lab_folder import write_private
from eventready_lab.device.credentials import Credentials

HOST = "127.0.0.1"
_ADDRESS_KEYS = ("hostname", "port", "username", "password")
_HEADER = "# Written by every `eventready lab up`: change the workspace that was copied instead.\n"
_SECRETS = ("secret", "shell_username", "shell_password")
_REWRITTEN = ("event.yaml", "hosts.yaml", "groups.yaml", "defaults.yaml", "vault.yml", "performance.yaml")
_PER_DEVICE = ("limits.yaml", "waivers.yaml", "risk.yaml")  # name devices, which a generated fleet does not have
_LAB_LINE = re.compile(r"^lab\s*:.*$", re.MULTILINE)


def check_lab_folder(folder: Path) -> None:
    """Raise UsageError for a folder with a workspace other than a lab's copy, which is never overwritten."""
    event = folder / "inventory" / "event.yaml"
    if event.exists() and "\nlab: true\n" not in f"\n{event.read_text(encoding='utf-8', errors='replace')}\n":
        raise UsageError(message("lab:not_a_copy", folder=str(folder)))


@dataclass(frozen=True)
class DeviceAccess:
    """Port and credentials of a lab's device. `host_key` is empty without SSH; `shell` is the login to the host's shell
    beside the device's command line."""

    port: int
    login: Credentials
    host_key: str = ""
    shell: Credentials | None = None


def write_workspace_copy(
    workspace: Workspace,
    access: Mapping[Device, DeviceAccess],
    hosts: Mapping[str, Any],
    out: Path,
    data: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write the copy of a workspace with the given devices, readable by its owner only.

    hosts: the devices' entries in the inventory; empty for devices of the lab's own, to which the workspace's limits,
        waivers and questions do not apply.
    data: further data of devices, by name.
    """
    check_lab_folder(out)
    source = workspace.path
    for folder in ("inventory", "templates", "playbooks"):
        _copy_tree(source / folder, out / folder, () if hosts else _PER_DEVICE)
    inventory = out / "inventory"
    event = (source / "inventory" / "event.yaml").read_text(encoding="utf-8")
    names = {device.name for device in access} if hosts else set()
    answers = [answer for venue in workspace.event.venues for one in venue.answers.values() for answer in one]
    named = {name for answer in answers for name in answer.askers} | {one.device for one in workspace.event.origins}
    write_private(inventory / "event.yaml", _mark_as_lab(without_absent(event, names) if named - names else event))
    files = workspace.files
    groups = {name: _without_addresses(raw or {}) for name, raw in files.groups.items()}
    write_private(inventory / "groups.yaml", _yaml(groups))
    write_private(inventory / "defaults.yaml", _yaml(_without_addresses(files.defaults)))
    entries = {}
    for device, where in access.items():
        entry = _without_addresses(hosts.get(device.name) or {}) if hosts else generated_host(device)
        entry["data"] = {**(entry.get("data") or {}), **(data or {}).get(device.name, {})}
        entries[device.name] = {
            **entry, "hostname": HOST, "port": where.port, **_login(where.login), **_shell(entry, where.shell)
        }  # fmt: skip
    write_private(inventory / "hosts.yaml", _HEADER + "".join(_line(name, entry) for name, entry in entries.items()))
    known = [(where.port, where.host_key) for where in access.values() if where.host_key]
    _write_sources(load_performance(source), inventory / "performance.yaml")
    # the user's own ~/.ssh/config does not apply to loopback
    write_private(out / "ssh_config", "")
    write_private(out / "known_hosts", "".join(f"[{HOST}]:{port} {key}\n" for port, key in known))
    if is_allowed(source):
        allow(out)


def performance_folder(number: int) -> Path:
    """Folder of the performance files of a source in the copy; files of the real network are none of the lab's."""
    return Path("performance") / str(number)


def _write_sources(performance: PerformanceFile, path: Path) -> None:
    """Write performance.yaml with the folders of the copy; none without sources."""
    if not performance.sources:
        path.unlink(missing_ok=True)
        return
    written = performance.model_dump(mode="json", exclude_unset=True)
    folders = [str(performance_folder(number)) for number, _source in enumerate(performance.sources, 1)]
    written["sources"] = [
        {**source, "folder": folder} for source, folder in zip(written["sources"], folders, strict=True)
    ]
    write_private(path, _yaml(written))


def _copy_tree(source: Path, target: Path, without: Sequence[str]) -> None:
    for name in without:
        (target / name).unlink(missing_ok=True)
    for path in sorted(source.rglob("*")) if source.is_dir() else []:
        if path.is_file() and path.name not in (*_REWRITTEN, *without):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy.unlink(missing_ok=True)
            copy.touch(mode=0o600)
            copy.write_bytes(path.read_bytes())


def without_absent(event: str, known: Container[str]) -> str:
    """event.yaml without the questions and origins of devices absent from the lab."""
    content = parse_yaml(Path("event.yaml"), event).mapping()
    content["origins"] = [origin for origin in content.get("origins") or () if origin["device"] in known]
    for venue in content["venues"]:
        answers = {}
        for service, expected in (venue.pop("answers", None) or {}).items():
            askers = [[one["from"]] if isinstance(one["from"], str) else one["from"] for one in expected]
            there = [[name for name in names if name in known] for names in askers]
            answers[service] = [{**one, "from": names} for one, names in zip(expected, there, strict=True) if names]
        venue.update({"answers": answers} if any(answers.values()) else {})
    return _yaml(content)


def _mark_as_lab(event: str) -> str:
    """event.yaml with `lab: true`."""
    if _LAB_LINE.search(event):
        return _LAB_LINE.sub("lab: true", event)
    begin = re.search(r"^---.*\n", event, re.MULTILINE)
    at = begin.end() if begin else 0
    return f"{event[:at]}{_HEADER}lab: true\n{event[at:]}"


def _without_addresses(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a host, a group or the defaults without the address and login of the real device."""
    kept = {key: value for key, value in raw.items() if key not in _ADDRESS_KEYS}
    if kept.get("data"):  # jump hosts and keys lead to the real device
        kept["data"] = {key: value for key, value in kept["data"].items() if key != "access"}
    options = {name: _without_login(entry or {}) for name, entry in (raw.get("connection_options") or {}).items()}
    return {**kept, "connection_options": options} if options else kept


def _without_login(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of `connection_options` without address, login, enable password and shell login."""
    kept = {key: value for key, value in entry.items() if key not in _ADDRESS_KEYS}
    if kept.get("extras"):
        kept["extras"] = {key: value for key, value in kept["extras"].items() if key not in _SECRETS}
    return kept


def _login(credentials: Credentials) -> dict[str, str]:
    return {"username": credentials.username, "password": credentials.password}


def _shell(entry: Mapping[str, Any], shell: Credentials | None) -> dict[str, Any]:
    """The entry's `connection_options` with the login to the host's shell; empty otherwise."""
    if shell is None:
        return {}
    options = dict(entry.get("connection_options") or {})
    own = dict(options.get("eventready") or {})
    extras = {**(own.get("extras") or {}), "shell_username": shell.username, "shell_password": shell.password}
    return {"connection_options": {**options, "eventready": {**own, "extras": extras}}}


def generated_host(device: Device) -> dict[str, Any]:
    """Return the inventory entry of a device missing in the inventory files."""
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
    """A host on a single line; JSON is YAML."""
    return f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(entry, ensure_ascii=False)}\n"


def _yaml(data: Mapping[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False)
