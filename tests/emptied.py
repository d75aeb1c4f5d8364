"""A copy of the example without devices, and so without anybody who asks its services."""

from __future__ import annotations

import re
from pathlib import Path


def without_devices(workspace: Path) -> None:
    """Empty the inventory; what rests on its devices goes too: answers, origins, waivers, limits, risks and demand."""
    inventory = workspace / "inventory"
    (inventory / "hosts.yaml").write_text("{}\n", encoding="utf-8")
    for name in ("limits.yaml", "waivers.yaml", "risk.yaml", "capacity.yaml", "circuits.yaml"):
        (inventory / name).unlink(missing_ok=True)
    event = inventory / "event.yaml"
    text, found = re.subn(r"^    answers:\n(?:      .*\n)+", "", event.read_text(encoding="utf-8"), flags=re.M)
    assert found
    text = re.sub(r"^origins:\n(?:  .*\n)+", "", text, flags=re.M)
    event.write_text(text, encoding="utf-8")
