"""Files of `key=value` changed by the very commands that a host gets, there and back, whatever stands in them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from eventready.change.errors import FragmentError
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from tests.proofs.size import examples

pytestmark = pytest.mark.slow

#: What means something to sed, to the shell, or to hostapd.
LETTERS = "aB7 .*[]^$/&\\'\"`;{}()|<>#=,!?+-%é"
KEYS = ("ssid", "channel", "a.b", "axb", "max_num_sta", "wpa_pairwise", "bss_transition")

VALUES = st.text(LETTERS, max_size=8).map(str.strip)
#: No value removes the key.
WANTED = VALUES.map(lambda value: value.replace("\\", "/")).filter(bool)
#: The file's own part, a key once; comments and empty lines; and the sections of further networks.
OWN = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5).map(
    lambda values: [f"{key}={value}" for key, value in values.items()]
)
TEXT = st.tuples(
    OWN.flatmap(lambda lines: st.permutations([*lines, "# ssid=old", ""])),
    st.lists(OWN, max_size=2),
).map(
    lambda parts: "\n".join(
        ["interface=wlan0", *parts[0]]
        + [line for number, inner in enumerate(parts[1], 1) for line in (f"bss=wlan0_{number}", *inner)]
        + [""]
    )
)
FEW = settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


def change_spec() -> ChangeSpec:
    spec = describe("linux_hostapd").spec.change
    assert spec is not None
    return spec


class Host:
    """A folder that stands for /etc/hostapd, and a shell."""

    def __init__(self, folder: str, files: dict[str, str]) -> None:
        self._folder = folder
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")

    def run(self, command: str) -> str:
        here = command.replace("/etc/hostapd", self._folder)
        done = subprocess.run(["sh", "-c", here], check=False, capture_output=True, text=True, encoding="utf-8")
        assert (done.returncode, done.stderr) == (0, ""), (command, done.stderr)
        return done.stdout.replace(self._folder, "/etc/hostapd")

    def read(self) -> Configuration:
        return form_of(change_spec()).read({change_spec().read: self.run(change_spec().read)}, device="ap")

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8") for path in Path(self._folder).iterdir()}


@FEW
@given(text=TEXT, other=TEXT, wanted=st.dictionaries(st.sampled_from(KEYS), WANTED, min_size=1, max_size=4))
@example("interface=wlan0\nssid=a\\tb\\\n", "ssid=1\n", {"ssid": "it's & a/b"})
def test_there_and_back(text: str, other: str, wanted: dict[str, str]) -> None:
    """The other file is never touched, and this one ends as the very bytes that it was."""
    files = {"wlan0.conf": text, "wlan1.conf": other}
    spec = change_spec()
    fragment = form_of(spec).parse("\n".join(["/etc/hostapd/wlan0.conf", *_pairs(wanted)]), "test")
    with TemporaryDirectory() as folder:
        host = Host(folder, files)
        before = host.read()
        predicted = form_of(spec).merge(before.tree, fragment)
        for line in form_of(spec).commands_between(before.tree, predicted):
            assert line.isprintable()
            host.run(line)
        after = host.read()
        assert form_of(spec).equivalent(after.tree, predicted)
        assert form_of(spec).fingerprint(after.tree) == form_of(spec).fingerprint(predicted)
        assert form_of(spec).commands_between(after.tree, form_of(spec).merge(after.tree, fragment)) == ()
        assert host.files()["wlan1.conf"] == other
        own = list(after.tree["/etc/hostapd/wlan0.conf"])
        assert set(_pairs(wanted)) <= set(own)
        for line in form_of(spec).commands_between(after.tree, before.tree):
            host.run(line)
        assert host.files() == files


@FEW
@given(text=TEXT, then=OWN)
@example("interface=wlan0\n", ["ssid=\\\\ab\\"])
def test_from_whatever_is_found(text: str, then: list[str]) -> None:
    """A way back begins at what somebody left: keys are gone and others are there."""
    spec = change_spec()
    with TemporaryDirectory() as folder:
        host = Host(folder, {"wlan0.conf": text})
        found = host.read()
        path = "/etc/hostapd/wlan0.conf"
        inner = {line: beneath for line, beneath in found.tree[path].items() if line.startswith("bss=")}
        wanted: Tree = {path: {"interface=wlan0": {}, **{line: {} for line in then}, **inner}}
        for line in form_of(spec).commands_between(found.tree, wanted):
            host.run(line)
        assert form_of(spec).equivalent(host.read().tree, wanted)


def _pairs(values: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]


@pytest.mark.parametrize("line", ["a b=1", "=1", "ssid", "ssid=a\\b", "bss=wlan0_1", "; reboot", "../x=1"])
def test_what_is_no_pair_is_refused(line: str) -> None:
    with pytest.raises(FragmentError, match="key=value"):
        form_of(change_spec()).parse(f"/etc/hostapd/wlan0.conf\n{line}\n", "test")


def test_a_file_that_is_not_there_and_a_key_that_stands_twice_are_refused() -> None:
    spec = change_spec()
    fragment = form_of(spec).parse("/etc/hostapd/wlan0.conf\nssid=b\n", "test")
    with pytest.raises(FragmentError, match=r"the device has no /etc/hostapd/wlan0\.conf"):
        form_of(spec).merge({"/etc/hostapd/other.conf": {}}, fragment)
    with pytest.raises(FragmentError, match="2 times"):
        form_of(spec).merge({"/etc/hostapd/wlan0.conf": {"ssid=a": {}, "ssid=c": {}}}, fragment)


def test_a_last_line_without_its_end_hides_no_file(tmp_path: Path) -> None:
    files = {"wlan0.conf": "interface=wlan0\nssid=a", "wlan1.conf": "interface=wlan1\nssid=b"}
    host = Host(str(tmp_path), files)
    read = host.read().tree
    assert read == {f"/etc/hostapd/{name}": {line: {} for line in text.split("\n")} for name, text in files.items()}
    other: Tree = {**read, "/etc/hostapd/wlan0.conf": {"interface=wlan0": {}, "ssid=c": {}}}
    for line in (
        *form_of(change_spec()).commands_between(read, other),
        *form_of(change_spec()).commands_between(other, read),
    ):
        host.run(line)
    assert host.files() == files
