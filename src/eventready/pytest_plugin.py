"""Plugin of pytest: the fixture `readiness`, and with `--readiness` a test per finding of a run.

def test_wifi(readiness):
    assert readiness.verdict("hoi-nghi", "wifi") in ("READY", "READY_WITH_RISK")

Nothing of the product is loaded before the fixture or an option is used.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from pydantic import JsonValue

    from eventready.cli.context import App
    from eventready.core.language import Language
    from eventready.core.messages import Lang, Message
    from eventready.store.run import Run
    from eventready.store.run_records import RunFinding, RunObservation
    from eventready.store.store import Store

#: Findings of a failure that are described, lines of an evidence, characters of a line.
_FINDINGS, _LINES, _WIDTH = 20, 12, 500
#: Outcomes in the order of a description.
_WORST_FIRST = ("fail", "not_measured", "warn", "waived")
#: Characters of a subject in the id of a test.
_SUBJECT = 120
#: Device of the findings across devices in the ids of tests.
_FLEET = "fleet"


class ReadinessWarning(pytest.PytestWarning):
    """Finding with the outcome `warn`. `-W error::eventready.pytest_plugin.ReadinessWarning` fails its test."""


class PlaceVerdict(str):
    """Verdict on a service at a venue, equal to its word. `findings`: open findings behind; `reasons`: the others."""

    __slots__ = ("findings", "place", "reasons")
    findings: tuple[RunFinding, ...]
    reasons: tuple[str, ...]
    place: tuple[str, str]

    @classmethod
    def of(
        cls, word: str, place: tuple[str, str], *, reasons: Iterable[str] = (), findings: Iterable[RunFinding] = ()
    ) -> Self:
        """Verdict by its word."""
        made = cls(word)
        made.place, made.reasons, made.findings = place, tuple(reasons), tuple(findings)
        return made


class DeviceReadings:
    """Readings of a device in a run."""

    def __init__(self, readiness: ReadinessRun, name: str) -> None:
        self._readiness, self.name = readiness, name

    def __repr__(self) -> str:
        return f"<{self.name} in {self._readiness!r}>"

    def fact(self, name: str, *, partial: bool = False) -> tuple[Mapping[str, JsonValue], ...]:
        """Records of a fact, from its last reading.

        An absent or failed reading fails the test; so does one without some of its records, unless `partial`. Raises
        pytest.UsageError for an unknown fact.
        """
        __tracebackhide__ = True
        return self._readiness.records(self.name, name, partial=partial)

    def findings(self, check: str = "", outcome: str | Collection[str] = ()) -> tuple[RunFinding, ...]:
        """Findings of the device (see `ReadinessRun.findings`)."""
        __tracebackhide__ = True
        return self._readiness.findings(check, outcome, device=self.name)


class ReadinessRun:
    """Run of a workspace, for tests. The report of a failed test describes the parts read by the test."""

    def __init__(self, run: Run, store: Store, language: Language) -> None:
        self.run, self._store, self._language = run, store, language
        self._findings = tuple(run.findings())
        self._facts = _by_fact(run.observations())
        self._lines: dict[str, None] = {}
        self._read: dict[int, RunFinding] = {}

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    @property
    def id(self) -> str:
        """Id of the run."""
        return self.run.id

    def verdict(self, venue: str, service: str) -> PlaceVerdict:
        """Verdict on a service at a venue. Raises pytest.UsageError for a service without a verdict in the run."""
        __tracebackhide__ = True
        found = {one.place: one for one in self.run.verdicts(whole=True)}
        one = found.get((venue, service))
        if one is None:
            from eventready.core.messages import message

            known = [f"{place[0]} {place[1]}" for place in found]
            raise self._unknown(message("cli:pytest.place", **self._of(venue=venue, service=service)), venue, known)
        open_ones = {each.reference: each for each in self._findings if each.status != "pass"}
        behind = [open_ones[name] for name in one.because if name in open_ones]
        reasons = [name for name in one.because if name not in open_ones]
        verdict = PlaceVerdict.of(one.verdict, one.place, reasons=reasons, findings=behind)
        if verdict != "READY":
            self._lines[f"{venue} {service}: {verdict}"] = None
            self._lines.update(dict.fromkeys(f"  {reason}" for reason in reasons))
            self._note(behind)
        return verdict

    def device(self, name: str) -> DeviceReadings:
        """Readings of a device. Raises pytest.UsageError for a device outside of the run."""
        __tracebackhide__ = True
        self._require_device(name)
        return DeviceReadings(self, name)

    def findings(
        self, check: str = "", outcome: str | Collection[str] = (), *, device: str = ""
    ) -> tuple[RunFinding, ...]:
        """Findings of a check, of some outcomes, and of a device; all by default.

        `outcome`: `pass`, `warn`, `fail`, `not_measured` or `waived`; `open` for all but passes. Raises
        pytest.UsageError for an unknown name.
        """
        __tracebackhide__ = True
        outcomes = {outcome} if isinstance(outcome, str) else {*outcome}
        outcomes.discard("")
        self._require_known(check, outcomes)
        if device:
            self._require_device(device)
        if "open" in outcomes:
            outcomes |= {"warn", "fail", "not_measured", "waived"}
        found = tuple(
            one for one in self._findings
            if check in ("", one.check) and device in ("", one.device) and (not outcomes or one.status in outcomes)
        )  # fmt: skip
        self._note(found)
        return found

    def records(self, device: str, fact: str, *, partial: bool) -> tuple[Mapping[str, JsonValue], ...]:
        """See `DeviceReadings.fact`."""
        __tracebackhide__ = True
        from eventready.core.messages import message
        from eventready.facts.catalogue import CATALOGUE

        if fact not in CATALOGUE:
            raise self._unknown(message("facts:platform.no_fact", name=fact), fact, CATALOGUE)
        readings = self._facts.get((device, fact))
        if not readings:
            pytest.fail(self._text("cli:pytest.unread", **self._of(device=device, fact=fact)), pytrace=False)
        for one in readings:
            self._lines[f"{device} {fact}: {one.command}"] = None
            self._lines.update(dict.fromkeys(self._evidence([one.evidence])))
            named: dict[str, Any] = {"device": device, "fact": fact, "run": self.id}
            if not one.measured:
                reason = self._language.reason(one) or self._language.observation(one.status)
                pytest.fail(self._text("cli:pytest.not_measured", reason=reason, **named), pytrace=False)
            if one.unread and not partial:
                names = self._language.names([record.subject for record in one.unread])
                pytest.fail(self._text("cli:pytest.partial", names=names, **named), pytrace=False)
            if one.complete and not partial:
                pytest.fail(self._text("cli:pytest.incomplete", **named), pytrace=False)
        return tuple(row for one in readings for row in one.rows)

    def every_finding(self) -> Iterator[tuple[str, RunFinding]]:
        """All findings with the ids of their tests, by device, check and subject."""
        numbers: Counter[str] = Counter()
        for one in sorted(self._findings, key=lambda each: (each.device, each.check, each.subject, each.message)):
            name = _name(one)
            numbers[name] += 1
            yield f"{name}#{numbers[name]}" if numbers[name] > 1 else name, one

    def described(self, findings: Sequence[RunFinding]) -> Iterator[str]:
        """Lines of the first findings: outcome, identity and sentence, the waiver, and the evidence of each once."""
        shown: set[str] = set()
        for one in findings[:_FINDINGS]:
            place = " ".join(filter(None, (one.device or _FLEET, one.check, one.subject)))
            yield _visible(f"{self._language.status(one.status)} {place}: {self.sentence(one)}")
            if one.waiver:
                yield f"  {self.waiver(one)}"
            yield from self._evidence(name for name in one.evidence if name not in shown)
            shown.update(one.evidence)
        if len(findings) > _FINDINGS:
            yield self._text("cli:pytest.more", n=len(findings) - _FINDINGS)

    def sentence(self, finding: RunFinding) -> str:
        """Sentence of a finding in the language of the session."""
        return _visible(self._language.sentence(finding))

    def waiver(self, finding: RunFinding) -> str:
        """Waiver of a finding in the language of the session."""
        from eventready.core.messages import in_language

        return _visible(in_language(finding.waiver_words, self._language.code))

    def forget(self) -> None:
        """Begin the description of another test."""
        self._lines.clear()
        self._read.clear()

    def description(self) -> str:
        """Lines of the parts read since `forget`, except passes; empty without any."""
        found = sorted(self._read.values(), key=lambda one: _WORST_FIRST.index(one.status))
        lines = [*map(_visible, self._lines), *self.described(found)]
        return "\n".join([self._text("cli:pytest.run", run=self.id), *lines]) if lines else ""

    def heading(self) -> Iterator[str]:
        """Lines with id, event time and kind of the run."""
        header = self.run.header
        mark = self._text("cli:run.rehearsal") if header.clock.rehearsal else ""
        yield self._text("cli:run.heading", id=self.id, at=self._language.moment(header.moment), rehearsal=mark)
        if header.window:
            yield self._text("cli:run.window", window=_visible(header.window))

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _note(self, findings: Iterable[RunFinding]) -> None:
        self._read.update({id(one): one for one in findings if one.status != "pass"})

    def _evidence(self, names: Iterable[str]) -> Iterator[str]:
        """First lines of stored evidence, indented."""
        from eventready.core.errors import EventreadyError
        from eventready.core.strings.texts import lines_of

        hashes = [*filter(None, names)]
        texts: Mapping[str, str] = {}
        with suppress(EventreadyError):
            texts = self._store.texts(hashes)
        for name in hashes:
            lines = lines_of(texts.get(name, ""))
            yield f"  {self._text('cli:pytest.evidence', name=name[:12], run=self.id)}"
            yield from (f"  | {_visible(line)}" for line in lines[:_LINES])
            if len(lines) > _LINES:
                yield "  | ..."

    def _require_device(self, name: str) -> None:
        __tracebackhide__ = True
        from eventready.core.messages import message

        names = {one.name for one in self.run.header.devices} | {one.device for one in self._findings}
        if not name or name not in names:
            raise self._unknown(message("cli:pytest.device", **self._of(name=name)), name, names - {""})

    def _require_known(self, check: str, outcomes: Collection[str]) -> None:
        __tracebackhide__ = True
        from eventready.checks.finding import Outcome
        from eventready.checks.registry import all_checks
        from eventready.core.messages import message

        checks = {one.name for one in all_checks()} | {one.check for one in self._findings}
        if check and check not in checks:
            raise self._unknown(message("cli:pytest.check", name=check), check, checks)
        words = {*map(str, Outcome), "open"}
        for word in outcomes:
            if word not in words:
                raise self._unknown(message("cli:pytest.outcome", name=str(word)), str(word), words)

    def _of(self, **names: str) -> dict[str, Any]:
        return {name: _visible(str(value)) for name, value in names.items()} | {"run": self.id}

    def _unknown(self, what: Message, word: str, known: Iterable[str]) -> pytest.UsageError:
        from eventready.core.errors import UsageError
        from eventready.core.validation_messages import suggest

        return pytest.UsageError(UsageError(what, do=suggest(str(word), known)).render(self._language.code))

    def _text(self, msgid: str, **params: Any) -> str:
        return self._language.phrase(msgid, **params)


def _by_fact(observations: Iterable[RunObservation]) -> dict[tuple[str, str], list[RunObservation]]:
    """Observations of the last reading, by device and fact."""
    found: dict[tuple[str, str], list[RunObservation]] = {}
    for one in observations:
        before = found.setdefault((one.device, one.fact), [])
        if before and before[0].reading < one.reading:
            before.clear()
        if not before or before[0].reading == one.reading:
            before.append(one)
    return found


def _visible(text: str) -> str:
    """Text in a single line, without control characters, and not too long."""
    shown = text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
    return shown if len(shown) <= _WIDTH else shown[:_WIDTH] + "..."


def _name(finding: RunFinding) -> str:
    """Name of the test of a finding: device, check, and the subject in brackets."""
    subject, device = _visible(finding.subject), _visible(finding.device or _FLEET)
    if len(subject) > _SUBJECT:
        subject = f"{subject[:_SUBJECT]}-{crc32(finding.subject.encode(errors='replace')):08x}"
    return f"{device}::{_visible(finding.check)}" + (f"[{subject}]" if subject else "")


class FindingItem(pytest.Item):
    """Test of a finding: a failure fails, an unmeasured subject is an error, a waiver an expected failure."""

    def __init__(self, *, finding: RunFinding, readiness: ReadinessRun, **more: Any) -> None:
        super().__init__(**more)
        self._finding, self._readiness = finding, readiness
        self.user_properties.append(("readiness_run", readiness.id))

    @property
    def outcome(self) -> str:
        """Outcome of the finding; with `--runxfail` the outcome without its waiver."""
        finding = self._finding
        plain = finding.status == "waived" and self.config.getoption("runxfail", False)
        return finding.was or "fail" if plain else finding.status

    def setup(self) -> None:
        """Raise for an unmeasured finding: an error, no failure."""
        if self.outcome == "not_measured":
            pytest.fail(self._description(), pytrace=False)

    def runtest(self) -> None:
        """Raise for a failure, and warn of a warning."""
        outcome = self.outcome
        if outcome == "fail":
            pytest.fail(self._description(), pytrace=False)
        if outcome == "waived":
            pytest.xfail(self._readiness.waiver(self._finding) or self._readiness.sentence(self._finding))
        if outcome == "warn":
            warning = ReadinessWarning(f"{self.name}: {self._readiness.sentence(self._finding)}")
            warnings.warn_explicit(warning, ReadinessWarning, "readiness", 1)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Place of the test: a run, no file."""
        return self.config.rootpath / "readiness", None, self.name

    def _description(self) -> str:
        return "\n".join(self._readiness.described([self._finding]))


class RunCollector(pytest.Collector):
    """Tests of the findings of the run."""

    def collect(self) -> Iterator[pytest.Item]:
        """Tests of all findings, in the same order in every process."""
        readiness = _readiness(self.config)
        for name, finding in readiness.every_finding():
            yield FindingItem.from_parent(self, name=name, finding=finding, readiness=readiness)


#: The run of the session, read once.
_KEY: pytest.StashKey[ReadinessRun] = pytest.StashKey()
#: The run and the workspace among the settings of a worker of xdist.
_RUN, _WORKSPACE = "eventready_run", "eventready_workspace"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("eventready", "readiness of an event (eventready)")
    group.addoption("--readiness", action="store_true", help="run a test per finding of the run, beside other tests")
    group.addoption(
        "--readiness-run", metavar="ID", default="", help="run of the tests [default: last audit of all devices]"
    )
    group.addoption("--readiness-workspace", metavar="DIR", default="", help="workspace of the run [default: .]")
    group.addoption("--readiness-audit", action="store_true", help="audit the workspace first, and test that run")


@pytest.fixture(scope="session")
def readiness(pytestconfig: pytest.Config) -> ReadinessRun:
    """The run: `verdict(venue, service)`, `device(name).fact(name)`, `findings(check=..., outcome=...)`."""
    __tracebackhide__ = True
    return _readiness(pytestconfig)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the run of the options once, before any worker of xdist begins."""
    config = session.config
    if not hasattr(config, "workerinput") and _given(config):
        _readiness(config)


class _Node(Protocol):
    """Worker of xdist, before its begin."""

    config: pytest.Config
    workerinput: dict[str, str]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Node) -> None:
    """Give a worker of xdist the run of the session, also where another run ends meanwhile."""
    folder = _workspace(node.config)
    if not _given(node.config) and not (folder / "inventory" / "event.yaml").is_file():
        return
    with suppress(pytest.UsageError):  # without options the fixture of a worker raises it again
        node.workerinput[_RUN] = _readiness(node.config).id
        node.workerinput[_WORKSPACE] = str(folder)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Collect the findings after the tests of files."""
    report = yield
    if isinstance(collector, pytest.Session) and report.passed and collector.config.getoption("readiness"):
        report.result.append(RunCollector.from_parent(collector, name="readiness", nodeid="readiness"))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget the findings read by an earlier test."""
    if readiness := item.config.stash.get(_KEY, None):
        readiness.forget()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the findings and evidence read by a failed test to its report."""
    report = yield
    readiness = item.config.stash.get(_KEY, None)
    if readiness and report.failed and not isinstance(item, FindingItem) and (lines := readiness.description()):
        report.sections.append(("readiness", lines))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the run of the tests: its time, a rehearsal, and the window of its verdicts."""
    if readiness := config.stash.get(_KEY, None):
        terminalreporter.section("readiness")
        for line in readiness.heading():
            terminalreporter.line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the store."""
    if readiness := config.stash.get(_KEY, None):
        readiness.close()


def _given(config: pytest.Config) -> bool:
    """True where an option of the plugin is given."""
    names = ("readiness", "readiness_run", "readiness_workspace", "readiness_audit")
    return any(config.getoption(name) for name in names)


def _workspace(config: pytest.Config) -> Path:
    given: str = getattr(config, "workerinput", {}).get(_WORKSPACE) or config.getoption("readiness_workspace")
    return config.invocation_params.dir / given


def _readiness(config: pytest.Config) -> ReadinessRun:
    """ReadinessRun of the session, read on the first use. Raises pytest.UsageError."""
    __tracebackhide__ = True
    if _KEY not in config.stash:
        from eventready.core.errors import EventreadyError

        lang: Lang = "vi" if os.environ.get("EVENTREADY_LANG") == "vi" else "en"
        try:
            config.stash[_KEY] = _opened(config, lang)
        except EventreadyError as error:
            raise pytest.UsageError(error.render(lang)) from None
    return config.stash[_KEY]


def _opened(config: pytest.Config, lang: Lang) -> ReadinessRun:
    """Read the run of the session from its store, after an audit with `--readiness-audit`. Raises EventreadyError."""
    from eventready.cli.audit.whatif import last_full
    from eventready.cli.context import App
    from eventready.core.errors import UsageError, WorkspaceError
    from eventready.core.language import Language
    from eventready.core.messages import message
    from eventready.store.store import Store
    from eventready.workspace.workspace import require_workspace

    folder, run = _workspace(config), str(config.getoption("readiness_run"))
    fixed = getattr(config, "workerinput", {}).get(_RUN)
    audits = config.getoption("readiness_audit") and not fixed
    if audits and run:
        raise UsageError(message("cli:pytest.audit_and_run", run=run))
    elsewhere = message("cli:pytest.elsewhere")
    try:
        require_workspace(folder)
    except WorkspaceError as error:
        raise UsageError(error.cause, do=elsewhere) from None
    app = App(folder, chosen_lang=lang)
    app.take_place()
    if audits:
        fixed = _audit(app)
    if not Store.exists(folder):
        raise UsageError(message("store:run.none_here"), where=str(folder), do=elsewhere)
    store = Store.of_workspace(folder, make=False, only_reads=True)
    try:
        name = fixed or run
        found = store.get(name) if name else last_full(store, app.workspace, message("cli:pytest.no_full"))
        return ReadinessRun(found, store, Language(lang))
    except BaseException:
        store.close()
        raise


def _audit(app: App) -> str:
    """Audit the workspace, and return the id of the run. Raises EventreadyError."""
    from eventready.audit.audit import AuditOptions
    from eventready.audit.runner import NoProgress
    from eventready.cli.audit.audit import stored_audit
    from eventready.store.store import Store

    workspace = app.allowed_workspace
    options = AuditOptions(**dict(workspace.event.reading))
    with _private_files(), Store.of_workspace(workspace.path) as store:
        return stored_audit(app, store, app.equipment, options, NoProgress()).run.id


@contextmanager
def _private_files() -> Iterator[None]:
    """Make files for their owner only, as every command does."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
