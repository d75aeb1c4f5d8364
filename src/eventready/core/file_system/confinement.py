"""Confinement of a workspace to its folder: symbolic links to outside places are refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from eventready.core.errors import RefusedError
from eventready.core.messages import message


def require_confined(root: Path, names: Iterable[str]) -> None:
    """Check files and folders of `root`, recursively. Raises RefusedError for a link to an outside place."""
    home = root.resolve()
    for link in (found for name in names for found in _links(root / name)):
        target = link.resolve()
        if target != home and home not in target.parents:
            raise RefusedError(message("core:link_outside", target=str(target)), where=str(link))


def _links(path: Path) -> Iterator[Path]:
    if path.is_symlink():
        yield path
        return
    for folder, folders, files in os.walk(path, followlinks=False):
        yield from (found for name in (*folders, *files) if (found := Path(folder) / name).is_symlink())
