"""Click speaks the language of the command line: every sentence it can show, in errors, prompts and headings."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import click
import pytest
from click.testing import CliRunner

from eventready.cli.help_language import command_line_in
from eventready.cli.main import main
from eventready.core.errors import Exit
from tests.cli.test_help import translations

#: Names of values, made when an option is declared.
_METAVARS = {"file", "directory", "path", "Choice({choices})"}
#: Sentences of earlier releases of click 8.
_EARLIER = {
    "(Deprecated) {text}",
    "(Possible options: {possibilities})",
    "DeprecationWarning: The command {name!r} is deprecated.",
    "Error: The value you entered was invalid.",
    "Error: {e.message}",
    "No such option: {name}",
    "{text} {deprecated_message}",
    "{value!r} is not a valid boolean.",
}
_TYPES = {kind.name for kind in (click.INT, click.FLOAT, click.IntRange(), click.FloatRange())}


def marked(source: str) -> Iterator[str]:
    """Texts that a module of click hands to gettext; those of a wrong declaration are for programmers."""
    tree = ast.parse(source)
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    wrong = {each for error in raised if _declares(error) for each in ast.walk(error)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node not in wrong:
            texts = node.args[: {"_": 1, "ngettext": 2}.get(node.func.id, 0)]
            yield from (str(text.value) for text in texts if isinstance(text, ast.Constant))


def _declares(error: ast.expr) -> bool:
    return isinstance(error, ast.Call) and ast.unparse(error.func) in {"TypeError", "ValueError"}


def test_every_sentence_of_click_is_translated() -> None:
    modules = Path(click.__file__).parent.glob("*.py")
    sentences = {text for module in modules for text in marked(module.read_text(encoding="utf-8"))}
    assert len(sentences) > 40
    assert sorted(sentences - _METAVARS - set(translations("click"))) == []
    assert sorted(set(translations("click")) - sentences - _EARLIER - _TYPES - {"required"}) == []


def test_a_translation_asks_for_no_other_value() -> None:
    for english, vietnamese in translations("click").items():
        names = {name for _, name, _, _ in string.Formatter().parse(vietnamese) if name}
        assert names <= {name for _, name, _, _ in string.Formatter().parse(english) if name}, english


@click.group()
def tool() -> None:
    """Commands with every kind of value."""


@tool.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(file_okay=False), required=False)
@click.option("--form", type=click.Choice(["html", "pdf"]), required=True)
@click.option("--only", type=click.Choice(["html"]))
@click.option("--count", type=int)
@click.option("--share", type=click.FloatRange(0, 1))
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--really", type=bool)
@click.option("--size", type=int, nargs=2)
@click.option("--wide", is_flag=True)
def write(**_values: object) -> None:
    """Take values."""


@tool.command()
@click.option("--yes", prompt="OK?", type=bool)
@click.option("--password", prompt="Password", hide_input=True, confirmation_prompt=True)
def ask(**_values: object) -> None:
    """Ask for values."""
    click.confirm("OK?")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("wrote", "Không có lệnh 'wrote'. Có phải ý bạn là 'write'?"),
        ("write", "Thiếu tham số 'FILE'."),
        (f"write {__file__}", "Thiếu tùy chọn '--form'. Chọn trong:\n\thtml,\n\tpdf"),
        ("write nowhere", "Giá trị không hợp lệ của 'FILE': Không có 'nowhere'."),
        ("write /", "Giá trị không hợp lệ của 'FILE': '/' là thư mục, không phải tệp."),
        (
            f"write --form pdf {__file__} {__file__}",
            f"Giá trị không hợp lệ của '[FOLDER]': '{__file__}' là tệp, không phải thư mục.",
        ),
        (f"write --form pdf {__file__} / c", "Thừa tham số (c)"),
        (f"write --form pdf {__file__} / c d", "Thừa các tham số (c d)"),
        ("write --form odt", "Giá trị không hợp lệ của '--form': 'odt' không nằm trong 'html', 'pdf'."),
        ("write --only odt", "Giá trị không hợp lệ của '--only': 'odt' không phải là 'html'."),
        ("write --count 1.5", "Giá trị không hợp lệ của '--count': '1.5' không phải là số nguyên hợp lệ."),
        ("write --count", "Tùy chọn '--count' cần một giá trị."),
        ("write --share half", "Giá trị không hợp lệ của '--share': 'half' không phải là số hợp lệ."),
        ("write --share 2", "Giá trị không hợp lệ của '--share': 2.0 nằm ngoài khoảng 0<=x<=1."),
        ("write --day now", "Giá trị không hợp lệ của '--day': 'now' không đúng dạng '%Y-%m-%d'."),
        ("write --size 1", "Tùy chọn '--size' cần 2 giá trị."),
        ("write --wide=1", "Tùy chọn '--wide' không nhận giá trị."),
        (
            "write --cound 1",
            "Không có tùy chọn '--cound'. (Có phải ý bạn là một trong: '--count', '--only'?)",
        ),
        ("write --w", "Không có tùy chọn '--w'. Có phải ý bạn là '--wide'?"),
        ("write --bogus", "Không có tùy chọn '--bogus'."),
    ],
)
def test_a_wrong_line_is_explained_in_vietnamese(line: str, error: str) -> None:
    with command_line_in("vi"):
        shown = CliRunner().invoke(tool, line.split()).output
    usage, _, reason = shown.rpartition("Lỗi: ")
    assert reason.strip() == error
    assert not usage or re.match(r"Cách dùng: tool .*\nXem trợ giúp: 'tool [a-z ]*--help'\.\n", usage)
    assert CliRunner().invoke(tool, line.split()).output.startswith(("Usage: ", "Error: "))


def test_prompts_are_vietnamese() -> None:
    answers = "perhaps\ny\none\ntwo\none\none\nperhaps\ny\n"
    with command_line_in("vi"):
        shown = CliRunner().invoke(tool, ["ask"], input=answers).output
    for sentence in (
        "Lỗi: 'perhaps' không phải là giá trị đúng/sai hợp lệ.",
        "Nhập lại để xác nhận: ",
        "Lỗi: Hai giá trị đã nhập không giống nhau.",
        "Lỗi: câu trả lời không hợp lệ",
    ):
        assert sentence in shown
    assert "Error" not in shown
    assert "Repeat" not in shown


@pytest.mark.parametrize("line", ["audit --bogus", "audit --workers many", "-o xx audit"])
def test_a_wrong_line_of_the_product_is_explained_in_its_language(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for lang, starts in ("vi", ("Cách dùng: eventready ", "Xem trợ giúp: ", "", "Lỗi: ")), ("en", ("Usage: ",)):
        with pytest.raises(SystemExit) as left:
            main(["--lang", lang, *line.split()])
        assert left.value.code == Exit.USAGE
        shown = capsys.readouterr().err.splitlines()
        assert all(part.startswith(start) for part, start in zip(shown, starts, strict=False)), shown


def test_a_language_is_that_of_its_own_thread_and_line() -> None:
    shown = []
    other = Thread(target=lambda: shown.append(CliRunner().invoke(tool, ["write"]).output))
    with command_line_in("vi"):
        other.start()
        other.join()
    shown.append(CliRunner().invoke(tool, ["write"]).output)
    assert [each.startswith("Usage: ") for each in shown] == [True, True]
