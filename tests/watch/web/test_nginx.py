"""Behind nginx as docs/howto/serve.md has it: TLS, the name, the address of the client, a stream without delay."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from eventready.watch.web.access.keys import AccessKeys
from eventready.watch.web.access.limits import acts
from eventready.watch.web.app import application
from tests.watch.web.live import served
from tests.watch.web.scene import EVENT, Scene, scene

GUIDE = Path(__file__).parents[3] / "docs" / "howto" / "serve.md"
NAME, CLIENT = "wall.example.vn", "127.0.0.2"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[int]:
    """The server of the guide, on a port of this machine with a certificate of its own."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("no nginx or no openssl on this machine")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-keyout", folder / "wall.key", "-out", folder / "wall.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    found = re.search(r"```nginx\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found
    port = free_port()
    block = found[1].replace("listen 443", f"listen 127.0.0.1:{port}").replace(":8750", f":{upstream}")
    block = re.sub(r"/etc/ssl/\w+", str(folder), block)
    kinds = ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {places}\n{block}}}\n"
    )
    with subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.PIPE) as running:
        try:
            while running.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            running.terminate()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as opened:
        opened.all_up()
        yield opened


@pytest.mark.slow
def test_behind_nginx(made: Scene, tmp_path: Path) -> None:
    with (
        served(made, application(made.model, names=(NAME,)), proxies=["127.0.0.1"]) as live,
        nginx(tmp_path, live.port) as port,
    ):
        context = ssl.create_default_context(cafile=tmp_path / "wall.pem")
        context.check_hostname = False
        transport = httpx.HTTPTransport(local_address=CLIENT, verify=context)
        headers = {"Host": f"{NAME}:{port}", "X-Forwarded-For": "203.0.113.9", "Origin": f"https://{NAME}:{port}"}
        with httpx.Client(transport=transport, base_url=f"https://127.0.0.1:{port}", headers=headers) as client:
            link = AccessKeys(made.store, EVENT).invite("Oanh", "operator")
            login = client.post("/enter", data={"secret": link})
            assert login.status_code == 303
            assert login.headers["set-cookie"].startswith("__Host-eventready_night_")
            assert "; Secure" in login.headers["set-cookie"]
            token = login.headers["set-cookie"].split(";")[0]
            with client.stream("GET", "/wall/stream", headers={"Cookie": token}) as stream:
                lines = stream.iter_lines()
                for _renewal in range(2):
                    while next(lines):
                        pass
            foreign = client.post("/logout", headers={"Origin": "https://evil.example", "Cookie": token})
            assert foreign.status_code == 403
    assert [one.address for one in acts(made.store, EVENT.id, made.clock)] == [CLIENT]
