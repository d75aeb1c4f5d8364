"""Commands of the platform `linux` on configurations of nginx and HAProxy, by the shell of this machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from eventready.facts.platform import load_platform

NGINX = """\
server { listen 443 ssl; ssl_certificate %(ssl)s/one-line.pem; ssl_certificate_key %(ssl)s/one-line.key; }
server {
    ssl_certificate     "%(ssl)s/quoted name.pem";
\tssl_certificate %(ssl)s/tab.pem; # ssl_certificate %(ssl)s/behind.pem;
    # ssl_certificate %(ssl)s/commented.pem;
    ssl_certificate
        %(ssl)s/next-line.pem;
}
server{listen 443 ssl;ssl_certificate %(ssl)s/glued.pem;}
upstream halls { server 10.20.0.11:8080; server 10.20.0.12:8080 backup; }
upstream gates {
    server 10.20.0.13:8080;
    server unix:/run/gates.sock;
}
"""
HAPROXY = """\
frontend portal
  bind :443 ssl crt %(ssl)s/haproxy.pem alpn h2
  bind *:8443 ssl crt %(ssl)s/second.pem crt %(ssl)s/folder/
  # bind :444 ssl crt %(ssl)s/off.pem
backend event
  server s1 10.20.0.14:8080 check
"""
CERTIFICATES = {
    *("one-line.pem", "quoted name.pem", "tab.pem", "next-line.pem", "glued.pem"),
    *("haproxy.pem", "second.pem", "folder/a.pem"),
}


@pytest.fixture
def printed(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The output of the command of a fact, its configurations below a folder of the test."""
    ssl = tmp_path / "ssl"
    for path, text in {"nginx/nginx.conf": NGINX, "haproxy/haproxy.cfg": HAPROXY}.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text % {"ssl": ssl}, encoding="utf-8")
    (ssl / "folder").mkdir(parents=True)
    for name in ("a.pem", "a.key", "a.ocsp"):
        (ssl / "folder" / name).touch()
    command = load_platform("linux").facts[request.param].command
    command = re.sub(r"/etc/(?=nginx|haproxy)", f"{tmp_path}/", command.replace("timeout 2 bash", "false"))
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=30).stdout


@pytest.mark.slow
@pytest.mark.parametrize("printed", ["certificate"], indirect=True)
def test_every_certificate_of_a_configuration_is_found(printed: str, tmp_path: Path) -> None:
    found = set(re.findall(r"^file=(.*)$", printed, re.M))
    assert found == {f"{tmp_path}/ssl/{name}" for name in CERTIFICATES}


@pytest.mark.parametrize("printed", ["backend"], indirect=True)
def test_every_server_of_a_pool_is_found(printed: str) -> None:
    assert set(re.findall(r"^pool=(\S+) server=(\S+) state=(\w+)$", printed, re.M)) == {
        ("halls", "10.20.0.11:8080", "down"),
        ("halls", "10.20.0.12:8080", "down"),
        ("gates", "10.20.0.13:8080", "down"),
        ("gates", "unix:/run/gates.sock", "unknown"),
        ("event", "10.20.0.14:8080", "down"),
    }
