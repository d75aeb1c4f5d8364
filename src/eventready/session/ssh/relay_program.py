"""Client of `relay.py`, run by its path and with Python's own modules only: a start for each command.

relay_program.py SOCKET NAME [ARGUMENT ...]             pass the arguments and the standard streams
relay_program.py SOCKET --keep FOLDER PROGRAM [ARGUMENT ...]
    run a program; with the end of the relay's process, end the program and remove FOLDER, where the socket is
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence

#: Exit status of ssh for a host without an answer.
UNREACHABLE = 255


def relayed(connection: socket.socket, words: Sequence[str]) -> int:
    """Pass the request. Return the exit status; 255 after the end of the relay."""
    try:
        socket.send_fds(connection, [b"\0"], [0, 1, 2])
        connection.sendall(json.dumps(words).encode() + b"\n")
        return int(connection.makefile().readline() or UNREACHABLE)
    except OSError:
        return UNREACHABLE


def kept(connection: socket.socket, folder: str, words: Sequence[str]) -> int:
    """Run a program until its end or the relay's."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    process, orphaned = subprocess.Popen(words), threading.Event()

    def follow() -> None:
        status = process.wait()
        if not orphaned.is_set():
            os._exit(status & 0xFF)

    threading.Thread(target=follow, daemon=True).start()
    connection.recv(1)
    orphaned.set()
    process.kill()
    shutil.rmtree(folder, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    return UNREACHABLE


def main(path: str, *words: str) -> int:
    """Connect to the relay and run the request."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return kept(connection, words[1], words[2:]) if words[0] == "--keep" else relayed(connection, words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
