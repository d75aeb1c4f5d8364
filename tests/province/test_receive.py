"""Acceptance of bundles: the newest of each operator counts, older ones and foreign keys are refused by name."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import Exit, UsageError
from eventready.province.bundles.bundle import BundlePolicy, Position, digest_of, pack
from eventready.province.bundles.bundle_log import BundleLog, LastBundle, ReceivedLog
from eventready.province.bundles.receive import ReceivedBundles, receive
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import Succession
from tests.province.operators import ALPHA, BETA, EVENT, Operators, alpha, key_of


@pytest.fixture(scope="module")
def operators() -> Operators:
    return Operators.invented()


class Department:
    """A department's store, and the operators' files."""

    def __init__(self, folder: Path, policy: BundlePolicy) -> None:
        self.folder, self.policy = folder, policy

    def receive(self, *files: bytes, restarted: tuple[str, ...] = ()) -> ReceivedBundles:
        paths = []
        for number, data in enumerate(files):
            paths.append(self.folder / f"{number}.zip")
            paths[-1].write_bytes(data)
        with Store.of_workspace(self.folder) as store:
            log = ReceivedLog(store, Clock(), self.policy)
            received = receive(paths, self.policy, log.last(), restarted)
            log.record(received.bundles)
        return received

    def refusal(self, *files: bytes) -> str:
        received = self.receive(*files)
        assert received.bundles == ()
        return str(received.refused[0].error)


@pytest.fixture
def department(operators: Operators, tmp_path: Path) -> Department:
    return Department(tmp_path, operators.wanted())


def test_a_bad_file_costs_nothing_but_itself(operators: Operators, tmp_path: Path) -> None:
    operators.bundles(tmp_path)
    (tmp_path / "later.zip").write_bytes(
        pack(alpha(operators.clock.now()), EVENT, operators.one, Clock.starting("2022-04-25 07:00"))
    )
    (tmp_path / "junk.zip").write_bytes(b"junk")
    (tmp_path / "large.zip").write_bytes(b"0" * 5_000_001)
    names = ("alpha.zip", "beta.zip", "beta.zip", "junk.zip", "large.zip", "later.zip")
    received = receive([tmp_path / name for name in names], operators.wanted())
    assert [bundle.operator for bundle in received.bundles] == sorted([ALPHA, BETA])
    assert {(r.path.name, r.error.exit) for r in received.refused} == {
        ("beta.zip", Exit.REFUSED), ("junk.zip", Exit.USAGE), ("large.zip", Exit.USAGE), ("alpha.zip", Exit.REFUSED)
    }  # fmt: skip
    reasons = {r.path.name: str(r.error) for r in received.refused}
    assert "the same bundle as" in reasons["beta.zip"]
    assert "is older than bundle 1 in" in reasons["alpha.zip"]
    assert "later.zip" in reasons["alpha.zip"]
    assert received.silent == ()


def test_operators_without_a_bundle_are_named(operators: Operators, tmp_path: Path) -> None:
    one, _ = operators.bundles(tmp_path)
    assert receive([one], operators.wanted()).silent == (BETA,)


def test_an_older_bundle_never_replaces_a_newer_one(operators: Operators, department: Department) -> None:
    first = operators.pack()
    second = operators.pack(2, digest_of(first))
    assert department.receive(first).bundles
    assert department.receive(second).bundles
    assert "replayed: bundle 1" in department.refusal(first)
    assert department.receive(second).bundles, "the newest may be consolidated again"
    other_order = department.receive(operators.pack(3, digest_of(second)), second)
    assert [bundle.manifest.number for bundle in other_order.bundles] == [3]


def test_a_refusal_names_both_bundles_in_the_reader_s_language(operators: Operators, department: Department) -> None:
    department.receive(operators.pack())
    refused = department.receive(operators.pack(1, measured=0)).refused[0].error.render("vi")
    assert f"gói báo cáo số 1 của {ALPHA} cũ hơn gói báo cáo số 1 đã nhận trước đó" in refused


def test_a_bundle_continues_the_one_before(operators: Operators, department: Department) -> None:
    first = operators.pack()
    department.receive(first)
    assert "does not continue bundle 1" in department.refusal(operators.pack(2, "0" * 64))
    assert "replayed" in department.refusal(operators.pack(1, measured=0))
    later = department.receive(operators.pack(4, "0" * 64))
    assert [sentence.render("en") for sentence in later.missing] == [f"{ALPHA}: bundles 2 to 3 did not arrive here."]
    assert department.receive(operators.pack(1, measured=1), restarted=(ALPHA,)).bundles


def test_an_operator_is_bound_to_its_key(operators: Operators, department: Department) -> None:
    first = operators.pack()
    department.receive(first)
    new = key_of(ALPHA)
    second = operators.pack(2, digest_of(first), key=new)
    department.policy = replace(department.policy, keys={new.public.id: new.public})
    assert "does not succeed that key" in department.refusal(second)
    statement = operators.one.sign(new.public.statement())
    successor = replace(new.public, succeeds=Succession(operators.one.public.id, statement))
    known = {operators.one.public.id: operators.one.public, successor.id: successor}
    department.policy = replace(department.policy, keys=known)
    assert "was succeeded by" in department.refusal(operators.pack(2, digest_of(first)))
    assert department.receive(second).bundles


def test_a_look_alike_of_a_known_operator_is_refused(operators: Operators, tmp_path: Path) -> None:
    twin = key_of("Viễn thông A1pha Trà Vinh")
    policy = replace(operators.wanted(), keys={twin.public.id: twin.public})
    known = LastBundle(ALPHA, operators.one.public.id, 1, "0" * 64, operators.clock.real())
    with pytest.raises(UsageError, match="look-alike names"):
        receive([], policy, {ALPHA: known})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_without_waiting(operators: Operators, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.zip"
    os.mkfifo(pipe)
    done: list[ReceivedBundles] = []
    worker = threading.Thread(target=lambda: done.append(receive([pipe], operators.wanted())), daemon=True)
    worker.start()
    worker.join(20)
    assert "not a regular file" in str(done[0].refused[0].error)


def _packed(operators: Operators, clock: Clock, position: Position) -> bytes:
    return pack(alpha(clock.now()), EVENT, operators.one, clock, position=position)


def test_bundles_are_numbered_and_chained_in_the_operators_store(operators: Operators, tmp_path: Path) -> None:
    with Store.of_workspace(tmp_path) as store:
        made = []
        for clock in (operators.clock, operators.clock, Clock(), operators.clock):
            log = BundleLog(store, clock)
            made.append(log.make(partial(_packed, operators, clock)))
    policy = operators.wanted("2022-04-25 08:00")
    (tmp_path / "x.zip").write_bytes(made[3])
    (bundle,) = receive([tmp_path / "x.zip"], policy).bundles
    assert (bundle.manifest.number, bundle.manifest.previous) == (3, digest_of(made[1]))
