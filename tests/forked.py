"""Processes of their own for commands and scripts, forked from one that has the package imported.

`python -m eventready` takes a second of a processor to import what it needs; a worker of the tests pays it once. What
Python itself reads from the environment as it starts (PYTHONIOENCODING) needs `subprocess`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, NoReturn

from tests.disk import spare_the_disk
from tests.loopback import settle_soon
from tests.parsed import remember_yaml

_STATUS = struct.Struct("i")
_LARGEST = 1 << 20


def run(
    *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout_s: float = 110
) -> subprocess.CompletedProcess[bytes]:
    """Run `eventready` with these words as a shell would, without input. Raises subprocess.TimeoutExpired."""
    order = {"cwd": str(cwd or Path.cwd()), "env": dict(os.environ if env is None else env)}
    return _ordered({**order, "words": [*map(str, words)]}, timeout_s)


def run_text(*words: str | Path, cwd: Path | None = None, timeout_s: float = 110) -> subprocess.CompletedProcess[str]:
    """Run `eventready` as `run` does, for its texts."""
    done = run(*words, cwd=cwd, timeout_s=timeout_s)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_script(script: str, *words: str | Path, timeout_s: float = 110) -> subprocess.CompletedProcess[bytes]:
    """Run a script as `python -c SCRIPT WORDS` does. Raises subprocess.TimeoutExpired."""
    order = {"cwd": str(Path.cwd()), "env": dict(os.environ), "script": dedent(script)}
    return _ordered({**order, "words": [*map(str, words)]}, timeout_s)


def _ordered(order: dict[str, Any], timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        _, server = _server()
        server.settimeout(timeout_s)
        socket.send_fds(server, [json.dumps(order).encode()], [nothing.fileno(), out.fileno(), err.fileno()])
        (pid,) = _STATUS.unpack(_received(server))
        try:
            (code,) = _STATUS.unpack(_received(server))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            _received(server)
            raise subprocess.TimeoutExpired(order["words"], timeout_s) from None
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(order["words"], code, out.read(), err.read())


def _received(server: socket.socket) -> bytes:
    data = server.recv(_STATUS.size)
    assert data, "the process that commands are forked from is gone"
    return data


@cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the process that commands are forked from; it ends with this one, when its socket is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", str(theirs.fileno())], pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return process, ours


def _serve(orders: socket.socket) -> None:
    remember_yaml()
    _import_everything()
    spare_the_disk()
    settle_soon()
    while True:
        data, fds, _, _ = socket.recv_fds(orders, _LARGEST, 3)
        if not data:
            return
        pid = os.fork()
        if pid == 0:
            orders.close()
            _become(json.loads(data), fds)
        for fd in fds:
            os.close(fd)
        orders.send(_STATUS.pack(pid))
        _, status = os.waitpid(pid, 0)
        orders.send(_STATUS.pack(os.waitstatus_to_exitcode(status)))


def _import_everything() -> None:
    from eventready.checks.registry import all_checks
    from eventready.cli.declare.work import PLACE, function
    from eventready.workspace.examples.example import example_home
    from eventready.workspace.files.yaml_document import load_yaml
    from tests.declared import declared

    for command in declared().values():
        if place := getattr(command.callback, PLACE, None):
            function(place)
    all_checks()
    for file in (example_home() / "inventory").glob("*.yaml"):  # of the workspace of most commands
        load_yaml(file)


def _become(order: dict[str, Any], fds: list[int]) -> NoReturn:
    """Be a new process: its streams, folder, environment and words."""
    from eventready.cli.main import main

    code = 1
    try:
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
            os.close(fd)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["env"])
        tempfile.tempdir = None  # of the environment
        sys.argv = ["-c" if "script" in order else "eventready", *order["words"]]
        code = 0
        if "script" in order:
            exec(compile(order["script"], "<script>", "exec"), {"__name__": "__main__"})
        else:
            main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
