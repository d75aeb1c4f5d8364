"""Managed files of a service host as a configuration: merged, led there and back, and told from other operators'."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.facts.platform import load_platform
from eventready.platforms.model import ChangeSpec

A, B = "a" * 64, "b" * 64
PORTAL, TIME = "nginx:/etc/nginx/conf.d/event.conf", "chrony:/etc/chrony/sources.d/event.sources"
RUNNING = f"{PORTAL}\n file 644 root root {A}\n daemon running\n{TIME}\n file absent\n daemon stopped\n==> end\n"


def spec() -> ChangeSpec:
    change = load_platform("linux").spec.change
    assert change is not None
    return change


def read(text: str) -> Tree:
    return form_of(spec()).read({"for f in ...": text}, device="svc-1").tree


def merged(fragment: str) -> Tree:
    return form_of(spec()).merge(read(RUNNING), form_of(spec()).parse(fragment, "prepare.yml"))


def test_the_command_reads_the_files_that_the_playbook_may_write() -> None:
    (command,) = form_of(spec()).commands_to_read(
        form_of(spec()).parse(f"{PORTAL}\n{TIME}\n file 644 root root {B}\n", "")
    )
    assert command.startswith(f"for f in {PORTAL} {TIME}; do ")


def test_a_written_file_has_one_command_forward_and_one_backward() -> None:
    then = merged(f"{PORTAL}\n file 640 root adm same\n{TIME}\n file 644 root root {B}\n")
    put = "sh /var/lib/eventready/host_files put"
    assert form_of(spec()).commands_between(read(RUNNING), then) == (
        f"{put} {PORTAL} running 640 root adm {A}",
        f"{put} {TIME} stopped 644 root root {B}",
    )
    assert form_of(spec()).commands_between(then, read(RUNNING)) == (
        f"{put} {PORTAL} running 644 root root {A}",
        f"{put} {TIME} stopped absent",
    )


def test_files_that_a_daemon_has_not_taken_have_no_way_back() -> None:
    text = RUNNING.replace(" daemon running\n", " daemon running\n not reloaded\n")
    with pytest.raises(UnreadableConfiguration, match="nginx has not taken"):
        form_of(spec()).merge(read(text), form_of(spec()).parse(PORTAL, ""))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (RUNNING.replace("==> end\n", ""), "truncated"),
        (RUNNING.replace(f"file 644 root root {A}", "file special"), "not a regular file"),
        (RUNNING.replace(f"{A}", "a1"), "printed no state"),
        (RUNNING.replace(" daemon stopped\n", ""), "printed no state"),
        ("", "no output"),
    ],
)
def test_an_incomplete_state_is_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(UnreadableConfiguration, match=reason):
        read(text)


@pytest.mark.parametrize("text", [f"nginx:relative\n file 644 root root {A}\n", f"{PORTAL}\n file rwx\n"])
def test_a_fragment_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(FragmentError, match="not the state of a managed file"):
        form_of(spec()).parse(text, "plan")


def test_only_other_contents_are_another_operators() -> None:
    before, target = read(RUNNING), merged(f"{PORTAL}\n file 644 root root {B}\n")
    halfway = read(RUNNING.replace(f"644 root root {A}", f"600 root root {B}").replace("running", "stopped"))
    assert form_of(spec()).foreign_lines(halfway, before, target) == ()
    other = read(RUNNING.replace(A, "c" * 64))
    assert form_of(spec()).foreign_lines(other, before, target) == ((PORTAL, f"file 644 root root {'c' * 64}"),)


_FILE = st.one_of(
    st.just("file absent"),
    st.builds("file {} root {} {}".format, st.sampled_from(["600", "644"]), st.sampled_from(["root", "adm"]),
              st.sampled_from([A, B])),
)  # fmt: skip
_DAEMON = st.sampled_from(["daemon running", "daemon stopped"])


def _state(file: str, daemon: str) -> Tree:
    return {file: {}, daemon: {}}


_ONE = st.builds(_state, _FILE, _DAEMON)
_STATE = st.fixed_dictionaries(dict.fromkeys((PORTAL, TIME), _ONE))


@pytest.mark.slow
@given(_STATE, _STATE)
def test_the_commands_name_exactly_the_files_that_differ(now: Tree, then: Tree) -> None:
    commands = form_of(spec()).commands_between(now, then)
    assert [line.split()[3] for line in commands] == [name for name in then if now[name] != then[name]]
    assert (commands == ()) == form_of(spec()).equivalent(now, then)
