"""Checkpoints travel in files, bundles and mails; the department compares them with those of earlier bundles."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.delivery.checkpoint_files import read_checkpoint
from eventready.delivery.mail.letter import Attachment, Letter, Mailbox, PaperReference, draft
from eventready.province.bundles.bundle import Position, digest_of, pack
from eventready.store.integrity import CHECKPOINT as DOCUMENT
from eventready.store.integrity import Checkpoint
from tests.province.operators import ALPHA, EVENT, Operators, alpha
from tests.province.test_receive import Department
from tests.zones import TZ

CHECKPOINT = Checkpoint(3, "a" * 64, "2027-03-26T00:00:00+00:00", "Nhà mạng", "1a2b", b"sign")
MOMENT = datetime(2022, 4, 25, 7, tzinfo=TZ)


@pytest.fixture
def operators() -> Operators:
    return Operators.invented()


@pytest.fixture
def department(operators: Operators, tmp_path: Path) -> Department:
    return Department(tmp_path, operators.wanted())


def signed(
    operators: Operators, number: int, previous: str, *, run: int, head: str, earlier: dict[int, str] | None = None
) -> bytes:
    """A bundle of the first operator with a checkpoint of a run."""
    clock = operators.clock
    checkpoint = Checkpoint(run, head, "2022-04-25T00:00:00+00:00", ALPHA, operators.one.public.id)
    return pack(
        alpha(clock.now()), EVENT, operators.one, clock, position=Position(number, previous), checkpoint=checkpoint,
        earlier=earlier,
    )  # fmt: skip


@pytest.mark.parametrize("form", ["json", "evr", "eml"])
def test_it_is_read_from_each_kind_of_file(operators: Operators, tmp_path: Path, form: str) -> None:
    letter = Letter("Báo cáo tuần", "Kính gửi", rehearsal=False)
    files = {
        "json": DOCUMENT.encode(CHECKPOINT),
        "evr": pack(alpha(MOMENT), EVENT, operators.one, Clock(), checkpoint=CHECKPOINT),
        "eml": draft(
            letter, sender=None, recipients=[Mailbox("a@example.vn")], attachments=[Attachment("a", b"1")],
            moment=MOMENT,
            paper=PaperReference(checkpoint=CHECKPOINT),
        ),
    }  # fmt: skip
    (tmp_path / f"c.{form}").write_bytes(files[form])
    assert read_checkpoint(tmp_path / f"c.{form}") == CHECKPOINT


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"PK", b"PK\x03\x04" + b"x" * 90, b"[" * 9000, b"{" * 9000, b"\xff\xfe",
        b'{"schema": "eventready.checkpoint/1", "position": "1"}',
        b"Subject: a\nX-Eventready-Checkpoint: !!\n\nb", b"Subject: a\n\nb",
    ],
)  # fmt: skip
def test_a_file_without_one_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "c").write_bytes(data)
    with pytest.raises(UsageError, match="the file has no checkpoint"):
        read_checkpoint(tmp_path / "c")


def test_a_run_behind_an_earlier_checkpoint_is_compared(operators: Operators, department: Department) -> None:
    first = signed(operators, 1, "", run=3, head="a" * 64)
    assert department.receive(first).rewritten == {}
    same = signed(operators, 2, digest_of(first), run=5, head="b" * 64, earlier={3: "a" * 64})
    assert department.receive(same).rewritten == {}
    another = signed(operators, 3, digest_of(same), run=7, head="c" * 64, earlier={3: "a" * 64, 5: "d" * 64})
    output = department.receive(another).rewritten
    assert {operator: sentence.render("en") for operator, sentence in output.items()} == {
        ALPHA: f"{ALPHA}: the run number 5, signed in bundle 2, is another one now: its record was rewritten."
    }


@pytest.mark.parametrize(("run", "head", "words"), [(3, "d", "is another one now"), (4, "d", "is not stated any more")])
def test_a_rewritten_and_a_hidden_run(
    operators: Operators, department: Department, run: int, head: str, words: str
) -> None:
    first = signed(operators, 1, "", run=3, head="a" * 64)
    department.receive(first)
    received = department.receive(signed(operators, 2, digest_of(first), run=run, head=head * 64))
    assert words in received.rewritten[ALPHA].render("en")
    assert received.bundles, "the newest counts, and the contradiction is reported"
