"""Settings of all tests: property tests have no deadline and try `EVENTREADY_EXAMPLES` fixed examples (`make fuzz`:
random ones); `make quick` runs some cases of each test, `make proofs` all; proved cases are counted, and the counts are
printed at the end of the run."""

from __future__ import annotations

import gc
import os
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

from eventready.core.country import DEFAULT_COUNTRY, use_country
from eventready.core.redaction.redaction import redactor
from eventready.core.timezone import DEFAULT, use_zone
from tests.disk import spare_the_disk
from tests.loopback import settle_soon
from tests.parsed import remember_yaml
from tests.proofs.size import WHOLE, few

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.behaviours.twin import Twin

QUICK = bool(os.environ.get("EVENTREADY_QUICK"))
#: Cases of a test that `make quick` runs at most.
_QUICK_CASES = 6
#: Characters of a text that names its case in full, and of all parameters in the name of a test.
_LONGEST_TEXT = 30
_LONGEST_ID = 120

# Compiled modules are kept: the tests start hundreds of processes, and each would compile the package anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Every workspace of a test is allowed; permissions and configuration of the person running the tests stay untouched.
os.environ.setdefault("EVENTREADY_ALLOWED", os.sep)
os.environ.setdefault("EVENTREADY_ENV_NAMES", "*")
_CONFIG = tempfile.mkdtemp(prefix="eventready-config-")
os.environ["XDG_CONFIG_HOME"] = _CONFIG
# Tests of Ctrl-C and of a hang-up hold also in a run that began with both ignored (`nohup`, the background of a shell).
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
spare_the_disk()
remember_yaml()
settle_soon()

settings.register_profile(
    "eventready",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=not os.environ.get("EVENTREADY_FUZZ"),
    max_examples=int(os.environ.get("EVENTREADY_EXAMPLES", "50" if WHOLE else "25")),
)
settings.register_profile("quick", parent=settings.get_profile("eventready"), max_examples=10)
settings.load_profile("quick" if QUICK else "eventready")

# Labs may have a soak shorter than the hold times of the protocols; `tests/change` proves the soak.
os.environ.setdefault("EVENTREADY_APPLY_SOAK", "0s")
os.environ.setdefault("EVENTREADY_ROLLBACK_SOAK", "0s")
# A test with a terminal is not asked; `tests/cli/test_agreement.py` proves the question.
os.environ.setdefault("EVENTREADY_APPLY_YES", "1")
os.environ.setdefault("EVENTREADY_ROLLBACK_YES", "1")

#: Mark of a test that attacks the product, `attack(family=...)`.
_ATTACK = "attack"
#: Folders whose tests use a lab over the network throughout.
_SLOW_FOLDERS = frozenset({"behaviours", "e2e", "hostile", "real"})


#: The name of its group, which xdist appends to the name of a test.
_GROUP = re.compile(r"@[^@\[\]]+$")
#: A command that runs in the test's process sets the umask of a command; the next test starts with the usual one.
_UMASK = os.umask(0o022)
os.umask(_UMASK)


#: Numbers of the folders of tests: platforms and templates are read once per path and process.
_NUMBERS = count()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of a test, under a path of no other test; removed with it."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.mktemp(f"{name}{next(_NUMBERS)}", numbered=False)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


#: Modules of slow tests only; `make quick` need not import them.
_SLOW_MODULE = re.compile(r"^pytestmark = .*pytest\.mark\.(?:slow|lab|real|browser)\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out modules of slow tests under `make quick`, and those without an attack under `make attacks`.

    `make proofs` leaves out the modules that are no larger than in `make test`.
    """
    attacks = config.option.markexpr == _ATTACK
    if not (attacks or QUICK or WHOLE) or not collection_path.name.startswith("test_"):
        return None
    source = collection_path.read_text("utf-8")
    if attacks:
        return None if f"mark.{_ATTACK}(" in source else True
    if WHOLE:
        return None if "tests.proofs.size" in source or "proofs" in collection_path.parts else True
    slow = _SLOW_FOLDERS.intersection(collection_path.parts) or _SLOW_MODULE.search(source)
    return True if slow else None


#: Host of the URLs of tests; all parts of a secret URL are secrets.
_HOST = "127.0.0.1"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Restore umask, zone and country, and forget the secrets of a few letters, and the host of a secret URL."""
    os.umask(_UMASK)
    use_zone(DEFAULT)
    use_country(DEFAULT_COUNTRY)
    redactor._values -= redactor._short
    redactor._short = frozenset()
    redactor._values.discard(_HOST)
    redactor._starts = {start: forms for start, forms in redactor._starts.items() if not _HOST.startswith(start)}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a test without its group, so that `--last-failed` finds it; xdist's workers need the group."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        report.nodeid = _GROUP.sub("", report.nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Workers of `-n auto`: four more than processors, since two thirds of the time of the tests are waiting."""
    return (os.cpu_count() or 1) + 4


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without Python's garbage collector: hardly anything of the modules and tests ever becomes garbage.

    Nor does the collector look at it later, while tests run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Remove the configuration folder of the run."""
    shutil.rmtree(_CONFIG, ignore_errors=True)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case with a long text by its beginning and its checksum."""
    if not isinstance(val, str | bytes) or len(val) <= _LONGEST_TEXT:
        return None
    data = val.encode(errors="replace") if isinstance(val, str) else val
    words = re.findall(r"[\w.:/]+", data[:200].decode(errors="replace"), re.ASCII)
    return f"{' '.join(words)[: _LONGEST_TEXT - 10]} {crc32(data):08x}"


def _refuse_long_names(items: Iterable[pytest.Item]) -> None:
    """Raise pytest.UsageError for a test whose parameters make its name unreadable."""
    long = [item.nodeid[:300] for item in items if len(item.name.partition("[")[2]) > _LONGEST_ID]
    if long:
        raise pytest.UsageError(f"Give the parameters an id below {_LONGEST_ID} characters: {' '.join(long)}")


def _spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return some cases of each test, always the same ones."""
    of: dict[tuple[object, str], list[pytest.Item]] = {}
    for item in items:
        of.setdefault((item.parent, getattr(item, "originalname", item.name)), []).append(item)
    return [item for (_, name), cases in of.items() for item in few(cases, _QUICK_CASES, name)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of labs over the network as slow, and give those of attacks their family to report."""
    _refuse_long_names(items)
    if QUICK:
        items[:] = _spread(items)
    for item in items:
        item.user_properties += [(_ATTACK, mark.kwargs["family"]) for mark in item.iter_markers(_ATTACK)]
        if _SLOW_FOLDERS.intersection(item.path.parts):
            item.add_marker(pytest.mark.slow)
    if config.getoption("loadgroup", default=False):
        _in_rows(items)


#: Marks of tests that take long; one of them counts as several of the others.
_SLOW = {"slow", "lab", "real", "browser"}
_SLOW_POINTS = 5
#: Points of the tests of a module that one of xdist's workers runs in a row: it makes the fixtures of the module once,
#: and is sent one order for all of them.
_ROW_POINTS = 40


def _in_rows(items: list[pytest.Item]) -> None:
    """Group the tests of each module in rows, after the groups that have a name: the largest of these first."""
    named: Counter[str] = Counter()
    points: Counter[Path] = Counter()
    groups: dict[pytest.Item, str] = {}
    for item in items:
        if mark := item.get_closest_marker("xdist_group"):
            groups[item] = str(mark.args[0])
            named[groups[item]] += 1
            continue
        item.add_marker(pytest.mark.xdist_group(f"{item.location[0]} {points[item.path] // _ROW_POINTS}"))
        points[item.path] += _SLOW_POINTS if _SLOW.intersection(one.name for one in item.iter_markers()) else 1
    items.sort(key=lambda item: -named[groups.get(item, "")])


@pytest.fixture(scope="session")
def real_province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The real lab, started once for all tests of a session. A test that changes its equipment restores it."""
    from tests.behaviours.twin import played, skip_unless_real

    skip_unless_real()
    with played(tmp_path_factory.mktemp("real"), "real") as province:
        yield province


#: What a proved case is called among a test's properties. They travel with its report, from xdist's workers too.
_PROPERTY = "proved"


class Proved(Protocol):
    """Counts one case as proved: its kind, what the counts are broken down by, and what else tells it apart."""

    def __call__(self, kind: str, *of: str) -> None: ...


@pytest.fixture
def proved(request: pytest.FixtureRequest) -> Proved:
    """`proved("there and back", "frr", "backup")` after the last assertion of a case; it counts if the test passes."""

    def count(kind: str, *of: str) -> None:
        request.node.user_properties.append((_PROPERTY, [kind, *of]))

    return count


def counts(cases: Iterable[list[str]]) -> Mapping[str, Counter[str]]:
    """Per kind, how many cases there are of each first word."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for kind, *of in cases:
        found[kind][of[0] if of else ""] += 1
    return found


def held(reports: Mapping[str, Iterable[pytest.TestReport]]) -> Mapping[str, Counter[str]]:
    """Per family of attacks, how many were tried, held, and are known not to, by the reports of each outcome."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    counted = {
        "passed": ("tried", "held"), "failed": ("tried",), "error": ("tried",), "xfailed": ("tried", "known"),
    }  # fmt: skip
    for outcome, columns in counted.items():
        for report in reports.get(outcome, ()):
            for name, family in getattr(report, "user_properties", ()):  # none of a module that was not collected
                if name == _ATTACK:
                    found[str(family)].update(columns)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts of the tests that passed, and the attacks by family."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    proved = counts(
        [str(word) for word in cast("list[object]", case)]
        for report in passed
        for name, case in report.user_properties
        if name == _PROPERTY
    )
    if proved:
        terminalreporter.section("cases proved")
    for kind, by in sorted(proved.items()):
        parts = ", ".join(f"{word} {number}" for word, number in sorted(by.items()) if word)
        terminalreporter.write_line(f"{kind}: {by.total()}" + (f" ({parts})" if parts else ""))
    attacks = held(terminalreporter.stats)
    if attacks:
        terminalreporter.section("attacks")
        columns = ("tried", "held", "known")
        rows = [("family", *columns), *((name, *(by[of] for of in columns)) for name, by in sorted(attacks.items()))]
        for name, *numbers in [*rows, ("all", *(sum(by[of] for by in attacks.values()) for of in columns))]:
            terminalreporter.write_line(f"{name:48}" + "".join(f"{number:>7}" for number in numbers))


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Chromium, whose pages are closed after the test: they ask their servers on and on."""
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, where this machine has it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Run a test on a wide console: sentences are whole. Tests of narrow ones set their own width."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "1000"
    try:
        yield
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
