"""Every sentence that a check can say has its Vietnamese, with the same placeholders."""

from __future__ import annotations

import string
import unicodedata

import pytest

from eventready.checks.finding import Outcome
from eventready.checks.texts import texts, titles
from eventready.checks.verdict import Readiness
from eventready.duty import named
from eventready.facts import read
from eventready.facts.observation import Status
from eventready.facts.platform import load_platform
from eventready.platforms.loader import platform_names
from eventready.report import words
from eventready.report.messages import MESSAGES_VI
from eventready.report.reasons import CANNOT_TELL_VI, reason_vi
from eventready.session.reply import Ended, LoginRefused, Unreachable
from eventready.workspace.device import ROLES, SERVICES


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    assert set(texts()) - set(MESSAGES_VI) == set(), "translate these in report/messages.py"
    assert set(MESSAGES_VI) - set(texts()) == set(), "no check says these any more"


@pytest.mark.parametrize("english", sorted(MESSAGES_VI))
def test_a_translation_has_the_same_placeholders(english: str) -> None:
    vietnamese = MESSAGES_VI[english]
    assert placeholders(vietnamese) == placeholders(english)
    assert unicodedata.is_normalized("NFC", vietnamese)
    assert vietnamese != english


def test_not_measured_is_never_called_passed() -> None:
    for english, vietnamese in MESSAGES_VI.items():
        if english.startswith("Not measured"):
            assert vietnamese.startswith("Chưa đo được")
    assert words.STATUSES["not_measured"][1] == words.VERDICTS["NOT_MEASURED"][1] == "Chưa đo được"
    assert "đạt" not in words.VERDICTS["NOT_MEASURED"][1].split()


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (named.CHECKS, set(titles())),
        (words.STATUSES, set(map(str, Outcome))),
        (words.VERDICTS, set(map(str, Readiness))),
        (words.OBSERVATIONS, set(map(str, Status))),
        (words.ROLES, set(ROLES)),
        (words.SERVICES, set(SERVICES)),
    ],
    ids=["checks", "statuses", "verdicts", "observations", "roles", "services"],
)
def test_every_word_is_there_in_both_languages(table: dict[str, tuple[str, str]], keys: set[str]) -> None:
    assert keys - set(table) == set()
    assert all(english and vietnamese for english, vietnamese in table.values())


def test_phrases_have_the_same_placeholders() -> None:
    for key, (english, vietnamese) in words.PHRASES.items():
        assert placeholders(english) == placeholders(vietnamese), key
        assert unicodedata.is_normalized("NFC", vietnamese), key


def test_what_shipped_platforms_cannot_tell_is_translated() -> None:
    said = {why for name in platform_names() for why in load_platform(name).cannot_tell.values()}
    assert said - set(CANNOT_TELL_VI) == set(), "translate these in report/reasons.py"


@pytest.mark.parametrize(
    ("error", "vietnamese"),
    [
        (
            Unreachable("core-1 (192.0.2.1:22) refuses the connection", do="Check the port."),
            "core-1 (192.0.2.1:22) từ chối",
        ),
        (Unreachable("core-1 (192.0.2.1:22) does not answer within 10 s"), "không trả lời trong 10 giây"),
        (LoginRefused("core-1 refuses the user name or the password", do="Check."), "core-1 từ chối tên đăng nhập"),
        ("3 lines of the answer that no rule knows.", "3 dòng trong câu trả lời chưa nhận biết được."),
        (read._REASON[Ended.CUT], "bị cắt giữa chừng"),
        ("Something new.", "Something new."),
    ],
)
def test_reasons(error: object, vietnamese: str) -> None:
    assert vietnamese in reason_vi(str(error))
