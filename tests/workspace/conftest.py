"""A small workspace to bend: one venue, one router, one group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

EVENT = """\
id: fair
name: The fair
recipient: {name: Department, email: desk@example.org}
venues:
  - id: hall
    name: Hall
    services: [internet, mobile]
"""
GROUPS = """\
router:
  platform: frr
  data: {role: router, venues: [hall]}
"""
HOSTS = """\
r1:
  hostname: 192.0.2.1
  groups: [router]
"""

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a workspace; `event="..."` replaces event.yaml and so on, None leaves the file out."""

    def write(**files: str | bytes | None) -> Path:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        for name, content in {"event": EVENT, "groups": GROUPS, "hosts": HOSTS, **files}.items():
            path = folder / f"{name}.yaml"
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write
