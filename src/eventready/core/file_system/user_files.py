"""Files of the person, outside of any workspace: configuration and permissions."""

from __future__ import annotations

import os
from pathlib import Path


def config_folder() -> Path:
    """Folder of the person's configuration: `$XDG_CONFIG_HOME/eventready`, default `~/.config/eventready`."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return Path(base) / "eventready" if base else Path.home() / ".config" / "eventready"
