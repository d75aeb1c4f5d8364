"""`eventready report send` and `eventready watch schedule`, as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from eventready.store.database.connection import ENVIRONMENT
from tests.delivery.mailroom import Mailroom, Scripted, header
from tests.emptied import without_devices
from tests.shared import called

pytestmark = pytest.mark.slow

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    return partial(called, capsys, "-w", workspace, "--now", "2022-04-25 08:00")


@pytest.fixture
def at_server(workspace: Path) -> Callable[[int], None]:
    """Name a server in event.yaml."""
    path = workspace / "inventory" / "event.yaml"
    original = path.read_text(encoding="utf-8")

    def name(port: int) -> None:
        server = f"mail:\n  server: {{host: 127.0.0.1, port: {port}, security: none, timeout_s: 5}}\n"
        path.write_text(original.replace("\nmail:\n", "\n" + server, 1), encoding="utf-8")

    return name


@pytest.fixture
def list_file(workspace: Path) -> str:
    path = workspace / "Danh sách trực.pdf"
    path.write_bytes(b"%PDF-1.7")
    return str(path)


def test_without_really_nothing_leaves_and_nothing_is_kept(call: Call, list_file: str, workspace: Path) -> None:
    code, out, err = call("report", "send", list_file, "--paper", "duty-list")
    assert code == 0
    assert "[DNVT] Danh sách trực - Đảm bảo TTLL 30 năm tái lập tỉnh Trà Vinh" in out
    assert "bchieu@travinh.gov.vn" in out
    assert "Nothing was sent. Add --really to send it." in err
    assert not (workspace / ".eventready").exists()
    found = json.loads(call("-o", "json", "report", "send", list_file, "--paper", "duty-list")[1])
    assert (found["sent"], found["files"][0]["name"]) == (False, "Danh sách trực.pdf")


def test_documents_are_sent_and_recorded(
    call: Call, list_file: str, at_server: Callable[[int], None], mailroom: Mailroom
) -> None:
    at_server(mailroom.port)
    code, out, _ = call("report", "send", list_file, "--paper", "duty-list", "--really", "--rehearsal")
    assert code == 0
    assert out.startswith("D-0001  sent  25/04/2022 08:00  (rehearsal)  [DIỄN TẬP] [DNVT] Danh sách trực")
    assert header(mailroom.message(), "Subject").startswith("[DIỄN TẬP] [DNVT] Danh sách trực")
    assert "accepted   bchieu@travinh.gov.vn  250 2.0.0 Ok: queued as 4XYZ" in out
    code, _, err = call("report", "send", list_file, "--paper", "duty-list", "--really", "--rehearsal")
    assert (code, "has had this very version" in err) == (7, True)
    assert (
        call("report", "send", list_file, "--paper", "duty-list", "--really", "--rehearsal", "--again", "họ chưa thấy")[
            0
        ]
        == 0
    )
    (one, two) = json.loads(call("-o", "json", "report", "send", "--list")[1])
    assert (one["again"], two["again"], len(mailroom.mails)) == ("", "họ chưa thấy", 2)
    late = json.loads(call("-o", "json", "duties", "deadlines")[1])
    assert next(d["status"] for d in late if d["id"] == "duty-list") == "done"


def test_what_waits_is_kept_shown_and_sent(
    call: Call, list_file: str, at_server: Callable[[int], None], mailroom: Mailroom
) -> None:
    at_server(mailroom.port)
    mailroom.answers = {"bchieu@travinh.gov.vn": "450 4.2.0 Greylisted"}
    code, _, err = call("report", "send", list_file, "--subject", "Thử", "--really", "--rehearsal")
    assert (code, "D-0001 is kept in the queue" in err) == (4, True)
    code, out, _ = call("report", "send", "--queued")
    assert (code, "450 4.2.0 Greylisted" in out) == (0, True)
    mailroom.answers = {}
    assert call("report", "send", "--queued", "--really", "--rehearsal")[0] == 0
    code, _, err = call("report", "send", "--queued", "--really", "--rehearsal")
    assert (code, err) == (0, "Nothing waits.\n")


def test_an_uncertain_one_is_settled_by_who_requested(
    call: Call, list_file: str, at_server: Callable[[int], None]
) -> None:
    with Scripted({".": None}) as bad:
        at_server(bad.server().port)
        code, out, err = call("report", "send", list_file, "--subject", "Thử", "--really", "--rehearsal")
    assert (code, "UNCERTAIN" in out, "--arrived D-0001" in err) == (4, True, True)
    assert call("report", "send", "--arrived", "D-0001")[0] == 2
    code, out, _ = call("report", "send", "--arrived", "D-0001", "--by", "Lan", "--note", "Sở đã nhận")
    assert (code, "Lan: Sở đã nhận" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "one thing at a time is done"),
        (("--list", "--queued"), "one thing at a time is done"),
        (("{file}",), "the kind of the documents is unknown"),
        (("{file}", "--subject", "x", "--to", "nobody"), "'nobody' is not a mail address"),
        (("{file}", "{mail}", "--subject", "x"), "is a mail already"),
        (("{mail}", "--subject", "x"), "has a subject and a paper already"),
        (("{mail}",), "not a mail"),
        (("{file}", "--subject", "x", "--really", "--rehearsal"), "no mail server"),
        (("--arrived", "D-7", "--by", "a", "--note", "b"), "there is no delivery 'D-7'"),
    ],
)
def test_what_cannot_be_done_is_reported(
    arguments: tuple[str, ...], words: str, call: Call, list_file: str, workspace: Path
) -> None:
    mail = workspace / "draft.eml"
    mail.write_bytes(b"nothing of the kind")
    code, _, err = call("report", "send", *(text.format(file=list_file, mail=mail) for text in arguments))
    assert (code, words in err) == (2, True), err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("host: mail.example.vn, password: hunter2, username: a", "plain-text password"),
        ("host: mail.example.vn, security: none", "mail would be unencrypted"),
        ("host: 127.0.0.1, security: none, username: a, password: 'env:A'", "the password would be unencrypted"),
        ("host: mail.example.vn, username: a", "username and password belong together"),
        ("host: 'a b'", "host"),
        ("host: mail.example.vn, port: 0", "'port' must be at least 1"),
        ("host: mail.example.vn, tls: yes", "unknown key 'tls'"),
    ],
)
def test_settings_that_do_not_hold(settings: str, words: str, call: Call, workspace: Path) -> None:
    path = workspace / "inventory" / "event.yaml"
    text = path.read_text(encoding="utf-8").replace("\nmail:\n", f"\nmail:\n  server: {{{settings}}}\n", 1)
    path.write_text(text, encoding="utf-8")
    code, _, err = call("report", "send", "--list")
    assert (code, words in err, "hunter2" in err) == (2, True, False), err


def test_the_schedule_of_a_workspace_without_devices(call: Call, workspace: Path) -> None:
    without_devices(workspace)
    code, out, _ = call("-o", "json", "watch", "schedule", "--once", "--interval", "0")
    jobs = json.loads(out)
    assert code == 0, out
    assert [job["kind"] for job in jobs[:3]] == ["audit", "draft", "remind"]
    folder = workspace / "reports" / "draft-2022-04-25"
    assert {path.suffix for path in folder.iterdir()} == {".docx", ".pdf", ".xlsx", ".eml"}
    assert call("watch", "schedule", "--once")[:2] == (0, "")
    assert json.loads(call("-o", "json", "watch", "schedule", "--once")[1]) == []
    code, out, _ = call("report", "send", str(next(folder.glob("*.eml"))))
    assert (code, "Báo cáo tuần (18/04–24/04/2022)" in out) == (0, True)


def test_what_runs_the_schedule_is_printed(call: Call) -> None:
    assert "schedule --once" in call("watch", "schedule", "--print", "cron")[1]
    assert "[Timer]" in call("watch", "schedule", "--print", "systemd")[1]
