"""The host beneath FRR, as an engineer's own login meets it: vtysh with `-c`, frr-reload.py, and the saved file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eventready.lab.configuration import Tree
from eventready.lab.configuring import Configuring
from eventready.lab.dialect import HostSystem, View
from eventready.lab.dialects.vtysh.configuration import read_text
from eventready.lab.host.run import Call, Program
from eventready.lab.host.system import Live
from eventready.lab.shows import shown

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
    """`write memory`, in vtysh's words."""
    return SAVED if view.save() else NOT_SAVED


def _vtysh(view: View, call: Call) -> int:
    """vtysh -c LINE..., vtysh -f FILE, vtysh -C -f FILE; a pathspace is taken and means nothing."""
    words = list(call.args)
    lines = [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-c", "--command")]
    if "-f" in words[:-1]:
        text = call.system.read(words[words.index("-f") + 1])
        if text is None:
            return call.fail(f"% Can't open configuration file {words[words.index('-f') + 1]} due to 'No such file'.")
        lines = ["configure terminal", *text.splitlines()]
    if "-C" in words:
        return 0
    if not lines:
        return call.fail("no terminal", 1)
    typist = _Typist(view, call)
    return next((status for line in lines if (status := typist.type(" ".join(line.split())))), 0)


class _Typist:
    """Lines that vtysh was given. One that it does not know ends it."""

    def __init__(self, view: View, call: Call) -> None:
        self._view = view
        self._call = call
        self._here: Configuring | None = None

    def type(self, line: str) -> int:
        """Carry out a line; the exit status."""
        if not line or line.startswith(("!", "terminal length")) or self._moves(line):
            return 0
        if self._here is None and line.startswith(("write", "wr ", "copy running-config")):
            said = save(self._view)
            self._call.out(f"{said}\n")
            return int(said != SAVED)
        text = shown(self._view.machine, line.removeprefix("do "))
        if text is None and (self._here is None or not self._here.take(line)):
            self._call.streams.err.append(f"% Unknown command: {line}\n")
            return 1
        answer = self._here.answer if text is None and self._here else text
        self._call.out(f"{answer}\n" if answer else "")
        return 0

    def _moves(self, line: str) -> bool:
        """Into and out of configuration and its sections."""
        if line.startswith("conf"):
            self._here = Configuring(self._view.config)
        elif line == "end":
            self._here = None
        elif line in ("exit", "exit-address-family") and self._here is not None:
            self._here = self._here if self._here.up() else None
        else:
            return False
        return True


def _reload(view: View, call: Call) -> int:
    """frr-reload.py --reload|--test FILE: run exactly what the file says."""
    paths = [word for at, word in enumerate(call.args) if not word.startswith("-") and not _is_value(call.args, at)]
    text = call.system.read(paths[-1]) if paths else None
    if text is None:
        return call.fail(f"Filename {paths[-1] if paths else 'None'} does not exist")
    tree = _complete(view, read_text(text))
    if "--reload" in call.args:
        view.config.replace(tree)
    elif "--test" in call.args and tree != view.config.running:
        call.out("Lines To Change\n===============\n")
    return 0


def _complete(view: View, tree: Tree) -> Tree:
    """A port is there whether the file speaks of it or not."""
    ports: Tree = {line: {} for line in view.config.running if line.startswith("interface ")}
    return {**ports, **tree}


def _is_value(words: Sequence[str], at: int) -> bool:
    """True for the word that belongs to the option before it."""
    takes = ("--pathspace", "--rundir", "--confdir", "--bindir", "--vty_socket", "--log-level", "--input", "--daemon")
    return at > 0 and words[at - 1] in takes


def programs(view: View) -> Mapping[str, Program]:
    """What the host of a router can run."""
    return {
        "vtysh": lambda call: _vtysh(view, call),
        "frr-reload.py": lambda call: _reload(view, call),
        "python3": lambda call: call.shell.execute(call.args, call.streams) if call.args else 0,
    }


def live(view: View) -> Mapping[str, Live]:
    """The saved configuration is the file that FRR starts with."""

    def write(text: str) -> None:
        view.config.startup = view.config.grammar.canonical(_complete(view, read_text(text)))

    return {_FILE: Live(lambda: f"{view.startup_text}\n", write)}


HOST = HostSystem(programs=programs, live=live)
