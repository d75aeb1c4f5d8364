"""Labels of workers and devices: product, platforms and workspace by content, and networks (`reach`).

They are resources of Dask: a device goes only to a worker with all of its labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eventready import __version__, platforms
from eventready.audit.collectors.reading import Refused
from eventready.workspace.bound_files import bound_content
from eventready.workspace.keys.secrets import VAULT
from eventready.workspace.workspace import Workspace

_REACH = "reach="
#: Label of a worker with a wrong clock, in place of the others.
CLOCK = "clock"
#: Amounts of a resource: of a worker, and of the reading of a device.
WHOLE, PART = 1.0, 1e-6


def content_labels(workspace: Workspace) -> dict[str, str]:
    """Return the labels of a member by kind; the vault and files outside of the workspace may differ."""
    files = bound_content(workspace.path).files.items()
    inside = [f"{name} {file.sha256}" for name, file in files if not name.startswith("/") and name != str(VAULT)]
    found = {"product": __version__, "platforms": _platforms(), "workspace": _digest(inside)}
    return {kind: f"{kind}={value}" for kind, value in found.items()}


def reach_labels(names: Iterable[str]) -> set[str]:
    """Return the labels of networks."""
    return {f"{_REACH}{name}" for name in names if name}


@cache
def _platforms() -> str:
    home = Path(str(platforms.__file__)).parent
    files = sorted(path for path in home.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _digest(f"{path.relative_to(home)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "backslashreplace")).hexdigest()[:12]


#: Sentence about a refused worker by the part unlike ours.
OTHERS = {
    CLOCK: "audit:cluster.other_clock",
    "product": "audit:cluster.other_product",
    "platforms": "audit:cluster.other_platforms",
    "workspace": "audit:cluster.other_workspace",
}


@dataclass(frozen=True)
class WorkerInfo:
    """Worker of a cluster. `threads`: devices at once."""

    name: str
    threads: int
    labels: frozenset[str]

    def refused(self, content: Mapping[str, str]) -> Refused | None:
        """Compare with the content of another member; None for the same product, platforms and workspace."""
        own = {kind: value[:40] for kind, _, value in (label.partition("=") for label in self.labels)}
        kind = next((kind for kind, label in content.items() if label not in self.labels), "")
        kind = CLOCK if CLOCK in own else kind
        ours = content.get(kind, "").partition("=")[2]
        return Refused(self.name, kind, own.get(kind, "-"), ours) if kind else None


def capacity(workers: Sequence[WorkerInfo], labels: Iterable[str]) -> int:
    """Return the number of devices read at once by workers with these labels."""
    wanted = frozenset(labels)
    return sum(worker.threads for worker in workers if wanted <= worker.labels)
