"""A worker that attacks the auditing process: code in a pickled result, in a pickled exception, bytes without end.

    python -m tests.audit.cluster.hostile_worker ADDRESS ATTACK SECRET DATABASE_PORT AUDITOR

SECRET is a file of the account; beside it are sockets: `stream`, `datagram`, and `abstract` by its name.

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

ATTEMPTS = r"""
import ctypes, glob, json, os, platform, resource, signal, socket, stat, struct, sys, threading
found = {}
def attempt(name, act):
    try:
        found[name] = str(act())[:60]
    except BaseException as error:
        found[name] = "refused " + type(error).__name__
FOLDER = os.path.dirname(SECRET)
PLACE = ("127.0.0.1", DATABASE)
PLACES = ctypes.create_string_buffer(16)
libc = ctypes.CDLL(None, use_errno=True)
def call(x86_64, aarch64, *values):
    number = {"x86_64": x86_64, "aarch64": aarch64}[platform.machine()]
    result = libc.syscall(number, *(ctypes.c_long(one) if isinstance(one, int) else one for one in values))
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result
attempt("key", lambda: open(SECRET).read())
attempt("folder", lambda: os.listdir(FOLDER))
attempt("home", lambda: os.listdir(os.path.expanduser("~")))
attempt("write", lambda: open("/tmp/eventready-hostile", "w"))
attempt("mode", lambda: os.chmod(SECRET, 0o666))
attempt("owner", lambda: os.chown(SECRET, os.getuid(), os.getgid()))
attempt("times", lambda: os.utime(SECRET))
attempt("attribute", lambda: os.setxattr(SECRET, "user.x", b"1"))
attempt("removal", lambda: os.remove(SECRET))
attempt("link", lambda: os.symlink(SECRET, FOLDER + "/x"))
attempt("environment", lambda: open("/proc/%d/environ" % AUDITOR, "rb").read())
attempt("memory", lambda: open("/proc/%d/mem" % AUDITOR, "rb").read(1))
attempt("memory by call", lambda: call(310, 270, AUDITOR, PLACES, 1, PLACES, 1, 0))
attempt("trace", lambda: "traced" if libc.ptrace(16, AUDITOR, 0, 0) == 0 else 1 / 0)
attempt("process", lambda: call(434, 434, AUDITOR, 0))
attempt("signal", lambda: os.kill(AUDITOR, 0))
for name, family, kind, protocol in (
    ("TCP", socket.AF_INET, socket.SOCK_STREAM, 0), ("TCP 6", socket.AF_INET6, socket.SOCK_STREAM, 0),
    ("MPTCP", socket.AF_INET, socket.SOCK_STREAM, 262), ("SCTP", socket.AF_INET, socket.SOCK_STREAM, 132),
    ("UDP", socket.AF_INET, socket.SOCK_DGRAM, 0), ("raw", socket.AF_INET, socket.SOCK_RAW, 1),
    ("packet", socket.AF_PACKET, socket.SOCK_RAW, 0), ("netlink", socket.AF_NETLINK, socket.SOCK_RAW, 0),
    ("audit", socket.AF_NETLINK, socket.SOCK_RAW, 9), ("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, 0),
    ("unix", socket.AF_UNIX, socket.SOCK_STREAM, 0), ("crypto", socket.AF_ALG, socket.SOCK_SEQPACKET, 0),
    ("bluetooth", 31, socket.SOCK_RAW, 1), ("CAN", 29, socket.SOCK_RAW, 1), ("XDP", 44, socket.SOCK_RAW, 0),
):
    attempt("socket " + name, lambda: socket.socket(family, kind, protocol))
def to(place, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
    with socket.socket(family, kind, protocol) as one:
        one.settimeout(3)
        one.connect(place)
        return one.send(b"x")
attempt("database", lambda: to(PLACE))
attempt("database by MPTCP", lambda: to(PLACE, protocol=262))
attempt("database by Fast Open", lambda: socket.socket().sendto(b"x", 0x20000000, PLACE))
attempt("datagram", lambda: to(PLACE, kind=socket.SOCK_DGRAM))
attempt("socket in a folder", lambda: to(FOLDER + "/stream", socket.AF_UNIX))
attempt("datagram in a folder", lambda: to(FOLDER + "/datagram", socket.AF_UNIX, socket.SOCK_DGRAM))
attempt("abstract socket", lambda: to("\0" + FOLDER + "/abstract", socket.AF_UNIX))
attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)))
def own():
    "Connections of this process."
    for number in range(3, 128):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield number
        except OSError:
            pass
ADDRESS = struct.pack("=HH4s8x", 2, socket.htons(DATABASE), socket.inet_aton("127.0.0.1"))
def turned(number):
    call(42, 203, number, struct.pack("=H14x", 0), 16)
    return call(42, 203, number, ADDRESS, 16)
attempt("own connection turned", lambda: [turned(number) for number in own()])
attempt("own connection sends elsewhere", lambda: [call(44, 206, number, b"x", 1, 0, ADDRESS, 16) for number in own()])
attempt("own connection listens", lambda: [call(50, 201, number, 1) for number in own()])
attempt("accepts", lambda: [call(288, 242, number, None, None, 0) for number in own()])
attempt("pair sends elsewhere", lambda: socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(b"x", FOLDER + "/datagram"))
attempt("descriptor by message", lambda: socket.socketpair()[0].sendmsg([b"x"]))
attempt("key of the keyring", lambda: call(248, 217, b"user", b"x", b"x", 1, -3))
attempt("keyring", lambda: call(250, 219, 0, -3, 1))
attempt("keyring of the user", lambda: call(250, 219, 11, -4, None, 0))
attempt("asked key", lambda: call(249, 218, b"user", b"x", None, -3))
attempt("io_uring", lambda: call(425, 425, 8, ctypes.create_string_buffer(120)))
attempt("bpf", lambda: call(321, 280, 0, ctypes.create_string_buffer(128), 128))
attempt("perf", lambda: call(298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0))
attempt("userfaultfd", lambda: call(323, 282, 0))
attempt("namespace", lambda: call(272, 97, 0x10000000))
attempt("mount", lambda: call(165, 40, b"x", b"/tmp", b"tmpfs", 0, None))
attempt("file in memory", lambda: os.memfd_create("x"))
attempt("shared memory", lambda: call(29, 194, 0, 4096, 0o1666))
attempt("queue", lambda: call(68, 186, 0, 0o1666))
attempt("terminal", lambda: call(16, 29, 0, 0x5412, b"x"))
attempt("fork", lambda: os.fork() or os._exit(0))
attempt("exec", lambda: os.execv("/bin/true", ["true"]))
attempt("3 GB", lambda: len(bytearray(3 << 30)))
attempt("600 files", lambda: [os.pipe() for _ in range(300)])
attempt("limits raised", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096)))
attempt("core", lambda: resource.getrlimit(resource.RLIMIT_CORE)[0] or 1 / 0)
def program():
    script = "cat " + SECRET + " && kill " + str(AUDITOR) + " && exit 7"
    child = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
attempt("program", program)
found["own environment"] = ",".join(sorted(os.environ))
found["modules"] = ",".join(sorted(name for name in sys.modules if name.startswith("eventready.")))
found["connections"] = len(list(own()))
found["network"] = os.readlink("/proc/self/ns/net")
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
