"""Facts of a second reading: counters, and those of which an audit of devices compares two readings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eventready.audit.collectors.reading import counters
from eventready.audit.saved_outputs import SavedOutputs
from eventready.facts.observation import Observation, Status
from tests.audit.cluster.test_collector import job_of, made


@pytest.mark.parametrize("saved", [False, True])
def test_clients_and_pings_are_read_twice_on_devices_alone(tmp_path: Path, *, saved: bool) -> None:
    job = job_of(made(tmp_path / "w"))
    job = replace(job, saved=SavedOutputs(tmp_path)) if saved else job
    facts = {"wlc-1": ("interface", "access_point", "radio_load", "radio_load_24"), "edge-hn-1": ("answer_ping",)}
    found = {
        name: counters(job, name, [Observation(name, fact, Status.PARSED) for fact in measured])
        for name, measured in facts.items()
    }
    twice = {"wlc-1": ("interface", "radio_load", "radio_load_24"), "edge-hn-1": ("answer_ping",)}
    assert found == ({"wlc-1": ("interface",), "edge-hn-1": ()} if saved else twice)
