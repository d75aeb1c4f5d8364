"""Hosts of anyone's own Nornir script: connection options from the workspace of the inventory, or from their data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from nornir.core.configuration import Config
from nornir.core.inventory import Host
from nornir.core.task import Task

from eventready.session.plugin import CONNECTION
from eventready.workspace.inventory import connection_data
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import Workspace, load_workspace

_LOADING = Lock()


def prepare_host(task: Task) -> tuple[Path, ...]:
    """Complete the extras of the host's connection; return the folders of its workspace's own platforms.

    A host with a `workspace` among its extras is complete. For hosts of a workspace's hosts.yaml the workspace is
    loaded: host keys, jump hosts, `access` and `allow_cleartext` are those of the commands. Other hosts have the values
    of their data. Raises WorkspaceError for an invalid workspace, RefusedError for a workspace without permission.
    """
    host = task.host
    options = host.get_connection_parameters(CONNECTION)
    extras: Mapping[str, Any] = options.extras or {}
    if not extras.get("workspace"):
        extras = {**_found(host, task.nornir.config), **extras}
        options.extras = dict(extras)
        host.connection_options[CONNECTION] = options
    own = Path(extras["workspace"]) / "inventory" / "platforms" if extras.get("workspace") else None
    return (own,) if own is not None and own.is_dir() else ()


def _found(host: Host, config: Config) -> dict[str, Any]:
    folder = _workspace_folder(config)
    workspace = _load(folder) if folder is not None else None
    if workspace is not None and host.name in {device.name for device in workspace.devices}:
        return workspace.connection_extras(workspace.device(host.name))
    return {"name": host.name, **connection_data(host)}


def _workspace_folder(config: Config) -> Path | None:
    """Return the workspace of Nornir's SimpleInventory; None for another inventory."""
    if config.inventory.plugin != "SimpleInventory":
        return None
    hosts = Path(config.inventory.options.get("host_file", "hosts.yaml")).expanduser().resolve()
    folder = hosts.parent.parent
    return folder if hosts == folder / "inventory" / "hosts.yaml" and (hosts.parent / "event.yaml").is_file() else None


def _load(folder: Path) -> Workspace:
    with _LOADING:  # once for all threads
        return _loaded(folder)


@lru_cache(maxsize=4)
def _loaded(folder: Path) -> Workspace:
    require_allowed(folder)
    return load_workspace(folder)
