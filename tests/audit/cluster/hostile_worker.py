"""A worker that attacks the auditing process: code in a pickled result, in a pickled exception, bytes without end.

    python -m tests.audit.cluster.hostile_worker ADDRESS ATTACK SECRET DATABASE_PORT AUDITOR

The code runs in the process of Dask's client, tries what an attacker would, and reports by the pipe of that process.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import distributed
from distributed import protocol, worker

from eventready.audit.collectors.cluster import dask_parts
from eventready.audit.collectors.cluster.codec import ReadRequest
from eventready.audit.collectors.cluster.labels import WHOLE

LABEL = "label"
serialized: Any = vars(protocol)["Serialize"]

ATTEMPTS = """
import ctypes, glob, json, os, signal, socket, struct, sys
found = {}
def attempt(name, act):
    try:
        found[name] = str(act())[:60]
    except BaseException as error:
        found[name] = "refused " + type(error).__name__
attempt("key", lambda: open(SECRET).read())
attempt("folder", lambda: os.listdir(os.path.dirname(SECRET)))
attempt("home", lambda: os.listdir(os.path.expanduser("~")))
attempt("write", lambda: open("/tmp/eventready-hostile", "w"))
attempt("environment", lambda: open("/proc/%d/environ" % AUDITOR, "rb").read())
attempt("memory", lambda: open("/proc/%d/mem" % AUDITOR, "rb").read(1))
libc = ctypes.CDLL(None, use_errno=True)
attempt("trace", lambda: "traced" if libc.ptrace(16, AUDITOR, 0, 0) == 0 else 1 / 0)
attempt("signal", lambda: os.kill(AUDITOR, 0))
attempt("database", lambda: socket.create_connection(("127.0.0.1", DATABASE), 3))
attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)))
def program():
    script = "cat " + SECRET + " && kill " + str(AUDITOR) + " && exit 7"
    child = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
attempt("program", program)
found["own environment"] = ",".join(sorted(os.environ))
found["modules"] = ",".join(sorted(name for name in sys.modules if name.startswith("eventready.")))
data = json.dumps(found).encode()
os.write(1, struct.pack("!cI", b"E", len(data)) + data)
os._exit(0)
"""


class Code:
    """An object that runs code where it is opened."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self._code, {})


def hostile_error(_error: BaseException) -> dict[str, Any]:
    """The message of a failed task with code in place of its exception."""
    content = serialized(Code(code()))
    return {"status": "error", "exception": content, "traceback": content, "exception_text": "", "traceback_text": ""}


def hostile_task(request: bytes) -> bytes:
    """The task of the hostile worker in place of `read_device`."""
    _, kind, *_ = sys.argv[1:]
    if kind == "exception":
        raise ValueError
    wanted, own = ReadRequest.decode(request), distributed.get_worker()
    contents: dict[str, Any] = {"result": serialized(Code(code())), "endless": b"[" * 70_000_000, "other": 7}
    event = {"op": "log-event", "topic": wanted.topic, "msg": (wanted.key, contents[kind])}
    own.loop.add_callback(own.batched_send, event)
    return b""


def code() -> str:
    _where, _kind, secret, database, auditor = sys.argv[1:]
    head = f"SECRET = {secret!r}; DATABASE = {int(database)}; AUDITOR = {int(auditor)}\n"
    guard = "import sys\nif sys.modules['__main__'].__spec__.name.endswith('.bridge'): exec(CODE, {})"
    return guard.replace("CODE", repr(head + ATTEMPTS))


async def run(address: str) -> None:
    dask_parts.read_device = hostile_task
    vars(worker)["error_message"] = hostile_error
    async with distributed.Worker(
        address, nthreads=2, resources={LABEL: WHOLE}, name="hostile", host="127.77.0.1",
        dashboard_address="127.0.0.1:0",
    ) as running:  # fmt: skip
        sys.stderr.write("ready\n")
        sys.stderr.flush()
        await running.finished()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
