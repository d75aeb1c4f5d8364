"""The outbox: a message once per event and address, over two senders and kill -9 at every moment."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventready.store.store import Store
from eventready.store.streams.notification_outbox import PAUSES_S, OutboxNotice, Wording

pytestmark = pytest.mark.slow

NOW = datetime(2031, 4, 29, 12, tzinfo=UTC)
DOWN = OutboxNotice("test", Wording("down", "", "en"))


def test_a_message_is_made_once_and_its_attempts_pause(place: str) -> None:
    with Store(place) as store:
        outbox = store.outbox("night", rehearsal=False)
        later = NOW + timedelta(days=1)
        assert outbox.add("a", DOWN, ["an@example.vn", "binh@example.vn"], NOW)
        assert not outbox.add("a", replace(DOWN, receiver="b"), ["chi@example.vn"], NOW)
        assert store.outbox("night", rehearsal=True).messages() == ()
        with outbox.sender():
            first = outbox.claim(later, busy=["an@example.vn"])
            assert first is not None
            assert (first.address, first.body) == ("binh@example.vn", DOWN)
            assert outbox.handed(first)
            outbox.sent(first, "250 ok")
            for number in range(len(PAUSES_S) + 2):
                moment = later + timedelta(hours=number)
                second = outbox.claim(moment)
                assert second is not None, number
                assert not outbox.messages()[0].undelivered
                outbox.failed(second, "no route", moment, for_good=number > len(PAUSES_S))
                assert outbox.claim(moment) is None
            assert outbox.claim(later + timedelta(days=9)) is None
        (message,) = outbox.messages()
        assert {address: one.state for address, one in message.deliveries.items()} == {
            "an@example.vn": "failed", "binh@example.vn": "sent"
        }  # fmt: skip
        outbox.add("b", DOWN, [], NOW)
        outbox.add("c", DOWN, ["an@example.vn"], NOW)
        assert [one.undelivered for one in outbox.messages()] == [False, True, False]


def test_a_failure_of_the_store_leaves_no_claim_behind(place: str) -> None:
    with Store(place) as store:
        outbox = store.outbox("night", rehearsal=False)
        with outbox.sender():
            outbox.add("a", DOWN, ["an@example.vn", "binh@example.vn"], NOW)
            one, other = outbox.claim(NOW), outbox.claim(NOW, busy=["an@example.vn"])
            assert one
            assert other
            assert outbox.claim(NOW, busy=["an@example.vn", "binh@example.vn"]) is None
            outbox.handed(other)
            assert outbox.claim(NOW) == one  # its outcome was lost
            assert outbox.messages()[0].deliveries["binh@example.vn"].state == "uncertain"


def test_messages_to_an_address_arrive_in_their_order_and_a_refused_one_holds_up_no_other(place: str) -> None:
    with Store(place) as store:
        outbox = store.outbox("night", rehearsal=False)
        with outbox.sender():

            def tried(seconds: float) -> str:
                claimed = outbox.claim(NOW + timedelta(seconds=seconds))
                assert claimed
                outbox.failed(claimed, "450 later", NOW + timedelta(seconds=seconds))
                return claimed.id

            outbox.add("first", DOWN, ["an@example.vn"], NOW)
            assert [tried(0), tried(30)] == ["first", "first"]  # the next attempt is at 90
            outbox.add("second", DOWN, ["an@example.vn"], NOW + timedelta(seconds=40))
            assert [tried(40), tried(40)] == ["first", "second"]
            assert outbox.claim(NOW + timedelta(seconds=41)) is None
            assert [tried(400), tried(400)] == ["first", "second"]


_SENDER = """
    import os, random, sys, time
    from datetime import UTC, datetime
    from eventready.store.store import Store
    drawn, log = random.Random(int(sys.argv[3])), open(sys.argv[2], "a", buffering=1)
    with Store(sys.argv[1]) as store:
        outbox = store.outbox("night", rehearsal=False)
        with outbox.sender():
            while (one := outbox.claim(datetime(2032, 1, 1, tzinfo=UTC))) is not None:
                def die():
                    if drawn.random() < 0.05:
                        os.kill(os.getpid(), 9)
                die()
                if not outbox.handed(one):
                    continue
                die()
                log.write(f"{one.id} {one.address}\\n")
                die()
                outbox.sent(one)
"""


def test_two_senders_and_kill_9_send_nothing_twice_and_lose_nothing_unnoticed(place: str, tmp_path: Path) -> None:
    log = tmp_path / "sent"
    log.touch()
    expected = {(f"m{number}", f"{who}@example.vn") for number in range(12) for who in "abc"}
    with Store(place) as store:
        outbox = store.outbox("night", rehearsal=False)
        for name in {name for name, _ in expected}:
            outbox.add(name, DOWN, [address for one, address in expected if one == name], NOW)
        for seed in range(0, 40, 2):
            calls = [[sys.executable, "-c", textwrap.dedent(_SENDER), place, str(log), str(seed + n)] for n in (0, 1)]
            both = [subprocess.Popen(call, env={**os.environ, "PYTHONWARNINGS": "ignore"}) for call in calls]
            ends = [process.wait(timeout=120) for process in both]
            if ends == [0, 0]:
                break
        states = {
            (one.id, address): delivery.state
            for one in outbox.messages()
            for address, delivery in one.deliveries.items()
        }
    sent = Counter(tuple(line.split()) for line in log.read_text().splitlines())
    assert max(sent.values()) == 1
    assert set(states) == expected
    assert set(states.values()) <= {"sent", "uncertain"}
    assert {one for one, state in states.items() if state == "sent"} <= set(sent)
    assert set(sent) | {one for one, state in states.items() if state == "uncertain"} == expected
    assert seed > 0
