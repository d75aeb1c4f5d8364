"""A named lock: one holder at a time, and none after its process died."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from eventready.store.store import Store

pytestmark = pytest.mark.slow


def test_one_at_a_time(place: str) -> None:
    with Store(place) as one, Store(place) as other:
        with one.exclusive("sending") as mine:
            assert mine
            with other.exclusive("sending") as theirs:
                assert not theirs
            with other.exclusive("something-else") as theirs:
                assert theirs
        with other.exclusive("sending") as theirs:
            assert theirs


_HOLDER = """
    import sys, time
    from eventready.store.store import Store
    with Store(sys.argv[1]) as store, store.exclusive("sending") as mine:
        print(mine, flush=True)
        time.sleep(60)
"""


def test_kill_9_gives_it_back(place: str) -> None:
    call = [sys.executable, "-c", textwrap.dedent(_HOLDER), place]
    with Store(place) as store, subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with store.exclusive("sending") as mine:
            assert not mine
        os.kill(holder.pid, 9)
        holder.wait()
        with store.exclusive("sending") as mine:
            assert mine
