"""The programs of every host: shell builtins, processes, files, text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from eventready.core.strings.texts import lines_of
from eventready_lab.host.interpreter import Call, LoopControl, Program, ShellExit
from eventready_lab.host.sed import InvalidSedScript, Sed
from eventready_lab.host.system import Steps

_NONE = "No such file or directory"


# --- shell builtins -----------------------------------------------------------------------------------------------


def _exit(call: Call) -> int:
    raise ShellExit(int(call.args[0]) if call.args and call.args[0].isdigit() else call.shell.status)


def _loop(call: Call) -> int:
    raise LoopControl(next_round=call.words[0] == "continue")


def _export(call: Call) -> int:
    for word in call.args:
        name, given, value = word.partition("=")
        if given:
            call.shell.variables[name] = value
    return 0


def _unset(call: Call) -> int:
    for name in call.args:
        call.shell.variables.pop(name, None)
    return 0


def _echo(call: Call) -> int:
    words = list(call.args)
    end = "\n"
    if words[:1] == ["-n"]:
        words, end = words[1:], ""
    call.out(" ".join(words) + end)
    return 0


_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "r": "\r", "0": "\0", "a": "\a"}


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)


def _printf(call: Call) -> int:
    if not call.args:
        return call.fail("usage: printf [-v var] format [arguments]", 2)
    pattern, values = _unescape(call.args[0]), list(call.args[1:])
    while True:
        wanted = len(re.findall(r"%[sdb]", pattern))

        def value(match: re.Match[str]) -> str:
            if match[0] == "%%":
                return "%"
            given = values.pop(0) if values else ""
            if match[0] == "%d":
                return given if re.fullmatch(r"-?\d+", given) else "0"
            return _unescape(given) if match[0] == "%b" else given

        call.out(re.sub(r"%[sdb%]", value, pattern))
        if not values or not wanted:
            return 0


def _test(call: Call) -> int:
    words = list(call.args)
    if call.words[0] == "[":
        if words[-1:] != ["]"]:
            return call.fail("missing `]'", 2)
        words.pop()
    negated = words[:1] == ["!"]
    result = _condition(call, words[1:] if negated else words)
    if result is None:
        return call.fail("unknown condition", 2)
    return int(result is negated)


def _condition(call: Call, words: Sequence[str]) -> bool | None:
    one: dict[str, Callable[[str], bool]] = {
        "-n": bool,
        "-z": lambda text: not text,
        "-e": lambda path: call.host.read(path) is not None,
        "-f": lambda path: call.host.read(path) is not None,
        "-r": lambda path: call.host.read(path) is not None,
        "-w": lambda path: call.host.read(path) is not None,
        "-x": lambda path: path.rpartition("/")[2] in call.shell.programs,
        "-s": lambda path: bool(call.host.read(path)),
        "-d": lambda path: any(name.startswith(path.rstrip("/") + "/") for name in call.host.names()),
    }
    two: dict[str, Callable[[str, str], bool]] = {"=": str.__eq__, "==": str.__eq__, "!=": str.__ne__}
    number: dict[str, Callable[[int, int], bool]] = {
        "-eq": int.__eq__, "-ne": int.__ne__, "-lt": int.__lt__, "-le": int.__le__, "-gt": int.__gt__,
        "-ge": int.__ge__,
    }  # fmt: skip
    if len(words) <= 1:
        return bool(words and words[0])
    if len(words) == 2 and words[0] in one:
        return one[words[0]](words[1])
    if len(words) == 3 and words[1] in two:
        return two[words[1]](words[0], words[2])
    if len(words) == 3 and words[1] in number and all(re.fullmatch(r"-?\d+", word) for word in (words[0], words[2])):
        return number[words[1]](int(words[0]), int(words[2]))
    return None


def _command(call: Call) -> int | Steps:
    if call.args[:1] == ["-v"]:
        known = [name for name in call.args[1:] if name in call.shell.programs]
        call.out("".join(f"{name}\n" for name in known))
        return int(not known)
    return call.shell.execute(call.args, call.streams) if call.args else 0


# --- processes ----------------------------------------------------------------------------------------------------


def _sleep(call: Call) -> int | Steps:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", call.args[0]) if call.args else None
    if not match:
        return call.fail(f"invalid time interval '{' '.join(call.args)}'")
    return _sleeping(float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]])


def _sleeping(seconds: float) -> Steps:
    yield seconds
    return 0


def _sh(call: Call) -> int | Steps:
    words = [word for word in call.args if not re.fullmatch(r"-[eux]+", word)]
    child = call.shell.new_shell()
    child.name = call.words[0]
    if words[:1] == ["-c"] and len(words) > 1:
        child.name, child.arguments = (words[2] if len(words) > 2 else child.name), words[3:]
        return child.run_text(words[1], call.streams)
    text = call.host.read(words[0]) if words else call.stdin
    if text is None:
        return call.fail(f"{words[0]}: {_NONE}", 127)
    child.arguments = words[1:]
    return child.run_text(text, call.streams)


def _nohup(call: Call) -> int | Steps:
    """`nohup`: the program survives the end of the session."""
    if not call.args:
        return call.fail("missing operand", 125)
    known = call.host.processes.get(call.shell.pid)
    shell = call.shell if known else call.shell.child()
    shell.nohup = True
    if known:
        known.nohup = True
    return shell.execute(call.args, call.streams)


def _setsid(call: Call) -> int | Steps:
    """`setsid`: a session of its own; the leader of a process group forks first, and ends."""
    words = [word for word in call.args if word not in ("-f", "--fork")]
    if not words:
        return call.fail("no command specified")
    shell = call.shell
    own = call.host.processes.get(shell.pid)
    if shell.group == shell.pid or own is None or len(words) < len(call.args):
        child = shell.child()
        child.group = child.session = child.pid
        child.dedicated = True
        child.launch(child.execute(words, call.streams), " ".join(words))
        return 0
    shell.group = shell.session = own.group = own.session = shell.pid
    return shell.execute(words, call.streams)


def _kill(call: Call) -> int:
    words, signal = list(call.args), 15
    if words and re.fullmatch(r"-(?:\d+|[A-Z]+)", words[0]) and len(words) > 1:
        name = words.pop(0)[1:].removeprefix("SIG")
        signal = int(name) if name.isdigit() else {"TERM": 15, "KILL": 9, "HUP": 1, "INT": 2}.get(name, 15)
    if words[:1] == ["--"]:
        words.pop(0)
    status = 0
    for word in words:
        if not re.fullmatch(r"-?\d+", word):
            status = call.fail(f"{word}: arguments must be process or job IDs")
        elif not call.host.kill(int(word), signal=signal):
            call.streams.err.append(f"{call.shell.name}: kill: ({word}) - No such process\n")
            status = 1
    return status if words else call.fail("usage: kill [-s sigspec | -n signum | -sigspec] pid", 2)


def _pgrep(call: Call) -> int:
    """`pgrep -f` and `pkill -f`."""
    words = [word for word in call.args if not word.startswith("-")]
    if not words:
        return call.fail("no matching criteria specified", 2)
    own = call.shell.pid
    matching = [
        process
        for process in call.host.processes.values()
        if re.search(words[-1], process.command) and process.pid != own
    ]
    for process in matching:
        if call.words[0].endswith("pkill"):
            call.host.kill(process.pid)
        else:
            call.out(f"{process.pid} {process.command}\n" if "-a" in call.args else f"{process.pid}\n")
    return int(not matching)


def _df(call: Call) -> int:
    """`df -Pk PATH`: the space of the only file system, in blocks of 1 KB."""
    used, free = (1_013_760, 0) if call.host.full else (211_448, 802_312)
    call.out(
        "Filesystem     1024-blocks      Used Available Capacity Mounted on\n"
        f"/dev/vda1          1013760 {used:>9} {free:>9} {used // 10_138:>7}% /\n"
    )
    return 0


def _pidof(call: Call) -> int:
    found = [process.pid for process in call.host.processes.values() if process.command.split(" ")[0] in call.args]
    call.out(" ".join(map(str, found)) + "\n" if found else "")
    return int(not found)


def _ps(call: Call) -> int:
    """`ps -p PID -o ...=` for a single process, or all of them."""
    words = list(call.args)
    wanted = words[words.index("-p") + 1] if "-p" in words[:-1] else ""
    rows = [process for process in call.host.processes.values() if wanted in ("", str(process.pid))]
    if not any(word.endswith("=") for word in words):
        call.out("    PID TTY          TIME CMD\n")
    call.out("".join(f"{process.pid:>7} ?        00:00:00 {process.command}\n" for process in rows))
    return int(bool(wanted) and not rows)


def _run_rest(call: Call) -> int | Steps:
    """`sudo`, `exec`, `time`, `env`, `nice`: run the rest of the line."""
    words = list(call.args)
    while words and words[0].startswith("-"):
        words.pop(0)
    return call.shell.execute(words, call.streams) if words else 0


def _timeout(call: Call) -> int | Steps:
    words = [word for word in call.args if not word.startswith("-")]
    return call.shell.execute(words[1:], call.streams) if len(words) > 1 else call.fail("missing operand", 125)


# --- files --------------------------------------------------------------------------------------------------------


def _names(call: Call) -> list[str]:
    return [word for word in call.args if not word.startswith("-") or word == "-"]


def _read_file(call: Call, path: str) -> str | None:
    text = call.stdin if path == "-" else "" if path == "/dev/null" else call.host.read(path)
    if text is None:
        call.fail(f"{path}: {_NONE}")
    return text


def _inputs(call: Call, paths: Sequence[str]) -> tuple[list[tuple[str, str]], int]:
    """(name, text) of the files or of standard input, and 1 with a missing file."""
    found = [(path, _read_file(call, path)) for path in paths or ["-"]]
    return [(path, text) for path, text in found if text is not None], int(any(text is None for _, text in found))


def _cat(call: Call) -> int:
    texts, status = _inputs(call, _names(call))
    call.out("".join(text for _, text in texts))
    return status


def _copy_or_move(call: Call) -> int:
    """`mv` and `cp`, of a file or of several into a folder."""
    *sources, target = _names(call) or [""]
    if not sources:
        return call.fail("missing file operand")
    for source in sources:
        text = call.host.read(source)
        if text is None:
            return call.fail(f"cannot stat '{source}': {_NONE}")
        into = target.endswith("/") or len(sources) > 1
        path = f"{target.rstrip('/')}/{source.rpartition('/')[2]}" if into else target
        call.host.write(path, text)
        if call.words[0] == "mv" and path != source:
            call.host.remove(source)
    return 0


def _rm(call: Call) -> int:
    status = 0
    options = "".join(word for word in call.args if word.startswith("-"))
    for path in _names(call):
        beneath = [name for name in call.host.names() if "r" in options and name.startswith(path.rstrip("/") + "/")]
        removed = [call.host.remove(name) for name in (*beneath, path)]
        if not any(removed) and "f" not in options:
            status = call.fail(f"cannot remove '{path}': {_NONE}")
    return status


def _ls(call: Call) -> int:
    status = 0
    for path in _names(call) or ["/root"]:
        beneath = [name for name in call.host.names() if name == path or name.startswith(path.rstrip("/") + "/")]
        if not beneath:
            status = call.fail(f"cannot access '{path}': {_NONE}", 2)
        for name in beneath:
            call.out((name if name == path else name.removeprefix(path.rstrip("/") + "/")) + "\n")
    return status


def _touch(call: Call) -> int:
    for path in _names(call):
        call.host.write(path, call.host.read(path) or "")
    return 0


def _mktemp(call: Call) -> int:
    pattern = (_names(call) or ["/tmp/tmp.XXXXXXXXXX"])[-1]  # noqa: S108  a name on the simulated host
    path = re.sub(r"X{3,}", lambda match: str(call.host.number()).rjust(len(match[0]), "0"), pattern)
    call.host.write(path, "")
    call.out(path + "\n")
    return 0


def _tee(call: Call) -> int:
    for path in _names(call):
        before = (call.host.read(path) or "") if "-a" in call.args else ""
        call.host.write(path, before + call.stdin)
    call.out(call.stdin)
    return 0


def _checksum(call: Call) -> int:
    kind = call.words[0].removesuffix("sum")
    texts, status = _inputs(call, _names(call))
    for name, text in texts:
        call.out(f"{hashlib.new(kind, text.encode(), usedforsecurity=False).hexdigest()}  {name}\n")
    return status


def _compare(call: Call) -> int:
    """`cmp` and `diff -q`."""
    names = _names(call)
    texts, missing = _inputs(call, names)
    if missing or len(texts) != 2:
        return 2
    if texts[0][1] == texts[1][1]:
        return 0
    if "-s" not in call.args:
        call.out(f"Files {names[0]} and {names[1]} differ\n")
    return 1


# --- text ---------------------------------------------------------------------------------------------------------


def _grep(call: Call) -> int:
    flags = "".join(word[1:] for word in call.args if re.fullmatch(r"-[a-zA-Z]+", word) and word != "-e")
    words = [word for word in call.args if not re.fullmatch(r"-[a-zA-Z]+", word) and word != "--"]
    if not words:
        return call.fail("usage: grep [OPTION]... PATTERNS [FILE]...", 2)
    pattern, *paths = words
    pattern = re.escape(pattern) if "F" in flags else pattern
    pattern = f"^(?:{pattern})$" if "x" in flags else pattern
    try:
        found = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    except re.error:
        return call.fail("Invalid regular expression", 2)
    quiet = call if "s" not in flags else Call(call.shell, call.words, type(call.streams)(call.stdin, [], []))
    texts, missing = _inputs(quiet, paths)
    lines = [line for _, text in texts for line in lines_of(text) if bool(found.search(line)) is ("v" not in flags)]
    if "q" not in flags:
        call.out(f"{len(lines)}\n" if "c" in flags else "".join(f"{line}\n" for line in lines))
    return 0 if lines else 2 if missing else 1


def _head_or_tail(call: Call) -> int:
    """`head` and `tail` with `-n N`."""
    words = list(call.args)
    count = 10
    if "-n" in words[:-1]:
        at = words.index("-n")
        count = int(words[at + 1].lstrip("+-") or 10)
        del words[at : at + 2]
    texts, status = _inputs(call, [word for word in words if not word.startswith("-")])
    for _, text in texts:
        lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        call.out("".join(lines[:count] if call.words[0] == "head" else lines[-count:]))
    return status


def _sort(call: Call) -> int:
    """`sort [-r] [-u]`, as in the C locale."""
    texts, status = _inputs(call, _names(call))
    lines = [line for _, text in texts for line in lines_of(text)]
    lines = list(dict.fromkeys(lines)) if "-u" in call.args else lines
    call.out("".join(f"{line}\n" for line in sorted(lines, reverse="-r" in call.args)))
    return status * 2


def _wc(call: Call) -> int:
    texts, status = _inputs(call, _names(call))
    for name, text in texts:
        shown = len(lines_of(text)) if "-l" in call.args else len(text.encode())
        call.out(f"{shown} {name}\n" if name != "-" else f"{shown}\n")
    return status


def _sed(call: Call) -> int:
    """`sed [-n] [-E] [-i] SCRIPT FILE...`, with `-e SCRIPT` any number of times."""
    scripts: list[str] = []
    words: list[str] = []
    flags = ""
    given = iter(call.args)
    for word in given:
        if word == "-e":
            scripts.append(next(given, ""))
        elif re.fullmatch(r"-[nEri]+|-i\S*|--", word):
            flags += word[1:2] if word.startswith("-i") else word[1:]
        else:
            words.append(word)
    if not scripts:
        scripts, words = words[:1], words[1:]
    try:
        edit = Sed(scripts, silent="n" in flags, extended=bool(set("Er") & set(flags)))
    except InvalidSedScript as error:
        return call.fail(f"-e expression #1: {error}")
    texts, status = _inputs(call, words)
    for name, text in texts:
        edited = edit.run(text)
        if "i" in flags:
            call.host.write(name, edited)
        else:
            call.out(edited)
    return status * 2


def _no_operation(_call: Call) -> int:
    return 0


def _false(_call: Call) -> int:
    return 1


PROGRAMS: Mapping[str, Program] = {
    **dict.fromkeys(
        (":", "true", "umask", "trap", "chmod", "chown", "mkdir", "sync", "disown", "wait", "cd"), _no_operation
    ),
    **dict.fromkeys(("sudo", "exec", "time", "env", "nice"), _run_rest),
    **dict.fromkeys(("sh", "bash", "dash"), _sh),
    **dict.fromkeys(("mv", "cp", "install"), _copy_or_move),
    **dict.fromkeys(("sha256sum", "md5sum", "sha1sum"), _checksum),
    **dict.fromkeys(("cmp", "diff"), _compare),
    **dict.fromkeys(("pgrep", "pkill"), _pgrep),
    **dict.fromkeys(("head", "tail"), _head_or_tail),
    **dict.fromkeys(("test", "["), _test),
    "false": _false,
    **dict.fromkeys(("break", "continue"), _loop),
    "exit": _exit,
    "logout": _exit,
    "export": _export,
    "set": _no_operation,
    "unset": _unset,
    "echo": _echo,
    "printf": _printf,
    "command": _command,
    "sleep": _sleep,
    "nohup": _nohup,
    "setsid": _setsid,
    "kill": _kill,
    "ps": _ps,
    "pidof": _pidof,
    "df": _df,
    "timeout": _timeout,
    "cat": _cat,
    "rm": _rm,
    "ls": _ls,
    "touch": _touch,
    "mktemp": _mktemp,
    "tee": _tee,
    "grep": _grep,
    "sort": _sort,
    "wc": _wc,
    "sed": _sed,
}
