"""The host of an FRR router: vtysh with `-c` and `-f`, frr-reload.py, and the saved configuration file."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from eventready.core.strings.texts import lines_of
from eventready_lab.device.configuration.mode import ConfigurationSession
from eventready_lab.device.configuration.store import ConfigStore
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.dialect import HostProfile
from eventready_lab.device.view import View
from eventready_lab.dialects.frr.effects import read_text
from eventready_lab.host.interpreter import Call, Program
from eventready_lab.host.system import LiveFile

_FILE = "/etc/frr/frr.conf"
SAVED = f"""Note: this version of vtysh never writes vtysh.conf
Building Configuration...
Integrated configuration saved to {_FILE}
[OK]"""
NOT_SAVED = (
    "Note: this version of vtysh never writes vtysh.conf\nBuilding Configuration...\n"
    f"Error renaming {_FILE} to {_FILE}.sav: No space left on device"
)


def save(view: View) -> str:
    """`write memory` of vtysh."""
    return SAVED if view.save() else NOT_SAVED


def _vtysh(view: View, call: Call) -> int:
    """`vtysh -c LINE...`, `vtysh -f FILE`, `vtysh -C -f FILE`; a pathspace is accepted and ignored."""
    words = list(call.args)
    lines = [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-c", "--command")]
    if "-f" in words[:-1]:
        text = call.host.read(words[words.index("-f") + 1])
        if text is None:
            return call.fail(f"% Can't open configuration file {words[words.index('-f') + 1]} due to 'No such file'.")
        lines = ["configure terminal", *lines_of(text)]
    if "-C" in words:
        return _check(view, call, lines[1:])
    if not lines:
        return call.fail("no terminal", 1)
    vtysh = _VtyshCall(view, call)
    return next((status for line in lines if (status := vtysh.type(" ".join(line.split())))), 0)


def _check(view: View, call: Call, lines: Sequence[str]) -> int:
    """`vtysh -C`: parse the lines of a file; nothing is executed."""
    store = view.config
    scratch = ConfigStore(copy.deepcopy(store.running), store.grammar, candidate=False, changed=lambda _store: None)
    configuration = ConfigurationSession(scratch)
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("!") or line == "end":
            continue
        if line in ("exit", "exit-address-family"):
            configuration.close_section()
        elif not configuration.execute(line):
            call.streams.err.append(f"line {number}: % Unknown command[4]: {line}\n")
            return call.fail("Configuration file[/etc/frr/frr.conf] processing failure: 2", 2)
    return 0


class _VtyshCall:
    """Lines of a vtysh call, which ends at an unknown line."""

    def __init__(self, view: View, call: Call) -> None:
        self._view = view
        self._call = call
        self._configuration: ConfigurationSession | None = None

    def type(self, line: str) -> int:
        """Execute a line; the exit status."""
        if not line or line.startswith(("!", "terminal length")) or self._moves(line):
            return 0
        if self._configuration is None and line.startswith(("write", "wr ", "copy running-config")):
            saved = save(self._view)
            self._call.out(f"{saved}\n")
            return int(saved != SAVED)
        text = self._view.show(line.removeprefix("do "))
        if text is None and (self._configuration is None or not self._configuration.execute(line)):
            self._call.streams.err.append(f"% Unknown command: {line}\n")
            return 1
        answer = self._configuration.answer if text is None and self._configuration else text
        self._call.out(f"{answer}\n" if answer else "")
        return 0

    def _moves(self, line: str) -> bool:
        """Enter or leave configuration mode or a section; False for any other line."""
        if line.startswith("conf"):
            self._configuration = ConfigurationSession(self._view.config)
        elif line == "end":
            self._configuration = None
        elif line in ("exit", "exit-address-family") and self._configuration is not None:
            self._configuration = self._configuration if self._configuration.close_section() else None
        else:
            return False
        return True


def _reload(view: View, call: Call) -> int:
    """`frr-reload.py --reload|--test FILE`: replace the running configuration by the file."""
    paths = [word for at, word in enumerate(call.args) if not word.startswith("-") and not _is_value(call.args, at)]
    text = call.host.read(paths[-1]) if paths else None
    if text is None:
        return call.fail(f"Filename {paths[-1] if paths else 'None'} does not exist")
    tree = _complete(view, read_text(text))
    if "--reload" in call.args:
        view.config.replace(tree)
    elif "--test" in call.args and tree != view.config.running:
        call.out("Lines To Change\n===============\n")
    return 0


def _complete(view: View, tree: Tree) -> Tree:
    """The tree with every port of the router."""
    ports: Tree = {line: {} for line in view.config.running if line.startswith("interface ")}
    return {**ports, **tree}


def _is_value(words: Sequence[str], at: int) -> bool:
    """True for the value of the preceding option."""
    takes = ("--pathspace", "--rundir", "--confdir", "--bindir", "--vty_socket", "--log-level", "--input", "--daemon")
    return at > 0 and words[at - 1] in takes


def programs(view: View) -> Mapping[str, Program]:
    """The programs of the host of a router."""
    return {
        "vtysh": lambda call: _vtysh(view, call),
        "frr-reload.py": lambda call: _reload(view, call),
        "python3": lambda call: call.shell.execute(call.args, call.streams) if call.args else 0,
    }


def live_files(view: View) -> Mapping[str, LiveFile]:
    """The startup configuration as a file."""

    def write(text: str) -> None:
        view.config.startup = view.config.grammar.canonical(_complete(view, read_text(text)))

    return {_FILE: LiveFile(lambda: f"{view.startup_text}\n", write)}


HOST = HostProfile(programs=programs, live_files=live_files)
