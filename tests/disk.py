"""Folders of tests: in memory where there is room, else on a disk that no transaction of a store waits for.

A disk takes 2 to 30 ms to confirm a transaction, and a change on record has dozens of them.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from eventready.store.database import connection as database

_MEMORY = Path("/dev/shm")
#: Bytes: four times what a whole run of the tests writes.
_ROOM = 2**31


def spare_the_disk() -> None:
    """Let pytest make its folders in memory, or SQLite leave it to the system when to write.

    The real labs have machines with disks of their own, which stay on the disk.
    """
    in_memory = not os.environ.get("EVENTREADY_REAL") and _MEMORY.is_dir()
    if in_memory and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
        return
    tune = database._tune

    def quick(connection: Any, _record: Any) -> None:
        tune(connection, _record)
        connection.execute("PRAGMA synchronous=OFF")

    database._tune = quick
