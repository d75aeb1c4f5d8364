"""Guides followed to the letter: what a stranger writes works, and nothing else has to be edited."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.strangers import code_of, follow, run

pytestmark = pytest.mark.slow


def linted(copy: Path) -> None:
    """The stranger's code is in the form of the house."""
    command = [sys.executable, "-m", "ruff", "--quiet"]
    for words in (("check",), ("format", "--check")):
        done = subprocess.run(
            [*command[:3], *words, *code_of(copy)], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


CHECK = """
import re
from contextlib import suppress
from pathlib import Path
from eventready.audit.saved_outputs import file_name
from eventready.checks.runbook import runbook
from eventready.cli.main import main
from eventready.core.language import Language
from eventready.facts.platform import load_platform

answer = Path("src/eventready/platforms/cisco_xe/samples/system/ok.txt").read_text()
saved = Path("saved/edge-vh-1")
saved.mkdir(parents=True)
command_sent = load_platform("cisco_xe").facts["system"].command
(saved / file_name(command_sent)).write_text(re.sub(r"uptime is .*", "uptime is 5 years, 1 week", answer))
def command(*words):
    with suppress(SystemExit):
        main([*words])

command("init", "event", "--example", "tra-vinh")
for lang in ("en", "vi"):
    command("--lang", lang, "-w", "event", "audit", "--from", "saved", "-l", "edge-vh-1", "--interval", "0")
    found = runbook("long_uptime", lang)
    print(Language(lang).check("long_uptime"), found.meaning, *found.steps, sep="\\n")
"""


def test_a_check_is_three_files(tmp_path: Path) -> None:
    copy = follow("check.md", tmp_path)
    linted(copy)
    run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-k", "long_uptime or sentence",
        "tests/checks", "tests/evaluation/test_nothing_measured.py", "tests/core/test_catalogue.py",
    )  # fmt: skip
    printed = " ".join(run(copy, script=CHECK).split())
    for words in (
        "In service for 1,832 d without a restart (limit 1,460 d)", "after a power cut the device may not come back",
        "Đã chạy 1.832 ngày chưa khởi động lại", "Quá lâu chưa khởi động lại", "Chuẩn bị sẵn thiết bị dự phòng",
    ):  # fmt: skip
        assert words in printed


PAGE = """
import tempfile
from pathlib import Path
from starlette.testclient import TestClient
from eventready.watch.web.app import application
from tests.watch.web.scene import client, scene

with scene(Path(tempfile.mkdtemp())) as made:
    for lang in ("en", "vi"):
        print(client(made, lang=lang).get("/checks").text)
    print(client(made).get("/check/radio_clients").status_code)
    closed = TestClient(application(made.model), base_url="http://127.0.0.1")
    print(closed.get("/checks", follow_redirects=False).status_code)
"""


def test_a_page_opens_in_both_languages_and_needs_a_key_as_all_do(tmp_path: Path) -> None:
    copy = follow("page.md", tmp_path)
    linted(copy)
    shown = run(copy, script=PAGE)
    for words in (
        "<h1>All checks</h1>",
        "<h1>Tất cả mục kiểm tra</h1>",
        ">Clients per radio</a>",
        ">Số máy kết nối</a>",
    ):
        assert words in shown
    assert shown.rstrip().endswith("200\n401")


CHANNEL = """
import socket
from contextlib import suppress
from pathlib import Path
from eventready.cli.main import main

def command(*words):
    with suppress(SystemExit):
        main(["--lang", "vi", *words])

command("init", "event", "--example", "tra-vinh")
alerts = Path("event/inventory/alerts.yaml")
with socket.create_server(("127.0.0.1", 0)) as printer:
    port = printer.getsockname()[1]
    for address in ("printer:9100", f"printer:127.0.0.1:{port}"):
        alerts.write_text(f"route: {{receiver: room}}\\nreceivers:\\n  - {{name: room, printer: ['{address}']}}\\n")
        command("-w", "event", "trust", "content", "--yes")
        command("-w", "event", "watch", "alerts", "test", "room", "--really", "--rehearsal")
    printer.settimeout(5)
    with printer.accept()[0] as taken:
        print(taken.makefile(encoding="utf-8").read())
"""


def test_a_channel_takes_its_addresses_and_sends(tmp_path: Path) -> None:
    copy = follow("channel.md", tmp_path)
    linted(copy)
    sent = run(copy, script=CHANNEL)
    for words in (
        "phần tử 1 của 'printer' là 'printer:9100', không đúng dạng", "đã in tại printer:127.0.0.1:",
        "[DIỄN TẬP] Thử gửi cảnh báo",
    ):  # fmt: skip
        assert words in sent


PAPER = """
from contextlib import suppress
from pathlib import Path
from eventready.cli.main import main

def command(*words):
    with suppress(SystemExit):
        main([*words])

command("init", "event", "--example", "tra-vinh")
for lang in ("en", "vi"):
    command("--lang", lang, "-w", "event", "report", "devices", "--help")
    forms = ("--format", "md,docx", "--eml", "--out", lang, "--rehearsal")
    command("--lang", lang, "-w", "event", "report", "devices", *forms)
    command("--lang", lang, "-w", "event", "report", "devices", "--check", "--rehearsal")
    for file in sorted(Path(lang).iterdir()):
        print(file.name, file.read_text() if file.suffix == ".md" else "")
"""


def test_a_paper_is_written_mailed_and_sourced(tmp_path: Path) -> None:
    copy = follow("paper.md", tmp_path)
    linted(copy)
    run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-k", "devices or follow or sentence",
        "tests/papers/test_registry.py", "tests/cli/test_examples.py", "tests/cli/test_help.py",
        "tests/core/test_catalogue.py",
    )  # fmt: skip
    written = run(copy, script=PAPER)
    for words in (
        "Write the list of the devices of the event, with platform", "inventory: devices",
        "# DANH MỤC THIẾT BỊ", "| 1 | ac\\-1 | huawei\\_ac | Trung tâm Văn hóa tỉnh |", "# LIST OF DEVICES",
        "Lập danh mục thiết bị của sự kiện",
    ):  # fmt: skip
        assert words in written
    assert {*re.findall(r"^(?:devices|DM_thiet_bi)_\S+\.(?:docx|eml|md)\b", written, re.M)} >= {
        f"{name}_{day}" for name in ("devices", "DM_thiet_bi") for day in re.findall(r"devices_(\S+\.eml)", written)
    }
