"""A bundle of any run of ours is accepted by the department: findings are bounded in number and bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from eventready.clauses.gather import gather
from eventready.core.clock import Clock
from eventready.province.bundles.bundle import LARGEST, pack
from eventready.province.bundles.contents import contents
from eventready.province.bundles.parts import RunPart
from eventready.province.bundles.receive import receive
from eventready.store.run import Run
from eventready.workspace.workspace import Workspace, load_workspace
from tests.papers.documents import Scene, healthy, scene
from tests.papers.papers import ROOT
from tests.province.operators import Operators


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load_workspace(ROOT)


def crowded(message: str, count: int, **more: object) -> Run:
    made: Scene = scene()
    made.found("core-1", "uplink", "fail", "checks:subject.down", subject="Te0/1")
    model = made.document["findings"][0]
    for key, status in enumerate(["fail", "not_measured"] * (count // 2)):
        entry = {"services": [], **model, "status": status, "device": f"edge-{key}", "message": message, **more}
        made.document["findings"].append(entry)
    made.document["findings"][0]["services"] = []
    return made.settle().run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "listed"),
    [
        (partial(crowded, "down", 24_000), 2000),
        (partial(crowded, "x" * 3_000, 4_000), 1500),
        (partial(crowded, "down", 2_000, params={f"p{n}": "y" * 900 for n in range(20)}), 150),
        (partial(crowded, "down", 20, params={"deep": {"er": {"est": [1]}}}, device="d" * 999, check="c" * 999), 21),
    ],
    ids=["many", "long", "large parameters", "foreign parameters"],
)
def test_a_bundle_of_any_run_is_accepted(
    workspace: Workspace, tmp_path: Path, make: Callable[[], Run], listed: int
) -> None:
    run = make()
    operators = Operators.invented()
    clock = operators.clock
    record = gather(workspace, Clock(marked=True))
    parts = contents(workspace, record.__class__(**{**vars(record), "run": run}), clock.now())
    data = pack(parts, "tra-vinh-30", operators.one, clock)
    assert len(data) < LARGEST
    (tmp_path / "a.evr").write_bytes(data)
    received = receive([tmp_path / "a.evr"], operators.wanted())
    assert received.refused == ()
    (bundle,) = received.bundles
    assert listed <= len(bundle.run.findings) <= 2000
    assert sum(bundle.run.counts.values()) == len(run.document["findings"])


def test_platforms_read_in_an_unconfirmed_form_are_in_the_bundle(workspace: Workspace) -> None:
    document = dict(healthy().run.document)
    document["coverage"] = {**document["coverage"], "seen": 40, "uncovered": 7, "unseen_devices": 2}
    first, *others = sorted(document["observations"], key=lambda one: one["status"] != "parsed")
    document["observations"] = [{**first, "unconfirmed": True}, *others]
    platform = next(one["platform"] for one in document["devices"] if one["name"] == first["device"])
    record = replace(gather(workspace, Clock(marked=True)), run=Run.of(document))
    run = contents(workspace, record, Operators.invented().clock.now())["run"]
    assert isinstance(run, RunPart)
    assert run.unconfirmed == {platform: [first["fact"]]}
    assert (run.seen, run.uncovered, run.unseen_devices) == (40, 7, 2)
