"""`eventready doctor`: what is missing, and how to get it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, PackageNotFoundError
from pathlib import Path
from shlex import quote

import pytest
from click.testing import CliRunner, Result

from eventready.audit import doctor
from eventready.audit.doctor import Diagnostic
from eventready.cli.context import App
from eventready.cli.declare.workspace import doctor as command
from eventready.cli.workspace.doctor import _failures
from eventready.core.errors import Exit
from eventready.core.messages import Message, in_english, message
from eventready.session.diagnosis import Diagnosis, DiagnosisStep, StepState
from eventready.session.hostkeys import HostKey, record
from eventready.session.steps import ConnectStep
from eventready.store.store import Store
from eventready.watch.web.access.keys import SERVED, AccessKeys, Served
from eventready.workspace.workspace import load_workspace

from .conftest import HOSTS, Make

HOST = HOSTS + "  username: netops\n  password: env:DOCTOR_TEST_PASSWORD\n"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTREADY_DATABASE_URL", raising=False)
    monkeypatch.setenv("DOCTOR_TEST_PASSWORD", "hunter2")


def signs(workspace: Path) -> dict[str, Diagnostic]:
    return {sign.name: sign.rendered("en") for sign in doctor.examine(workspace)}


def run(workspace: Path, output: str = "table") -> Result:
    app = App(workspace_path=workspace, output=output)  # type: ignore[arg-type]  # a Literal, from a test's text
    return CliRunner().invoke(command, [], obj=app, standalone_mode=False)


def test_an_invalid_drill_is_named(make: Make) -> None:
    workspace = make()
    drills = workspace / "inventory" / "drills"
    drills.mkdir()
    (drills / "cut.yaml").touch()
    assert "drills: " in (printed := run(workspace).output)
    assert "cut.yaml: the file is empty" in printed


def test_all_is_well(make: Make) -> None:
    workspace = make(hosts=HOST)
    record(workspace / "known_hosts", {"192.0.2.1": HostKey("ssh-ed25519", b"key")})
    result = run(workspace)
    assert result.return_value == Exit.OK, result.output
    assert "MISSING" not in result.stdout
    assert "hunter2" not in result.output
    assert not (workspace / ".eventready").exists(), "looking makes nothing"


def test_what_is_missing_says_how_to_get_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCTOR_TEST_PASSWORD")
    workspace = make(hosts=HOST)
    result = run(workspace)
    assert result.return_value == Exit.USAGE
    assert (
        "MISSING  secret env:DOCTOR_TEST_PASSWORD: the environment variable DOCTOR_TEST_PASSWORD is not set\n"
        "           Set it: export DOCTOR_TEST_PASSWORD=...\n"
    ) in result.stdout
    assert (
        "MISSING  host keys: not recorded for 1 of 1 SSH servers, such as r1\n"
        f"           Run: eventready -w {quote(str(workspace))} trust\n"
    ) in result.stdout
    documents = {document["name"]: document for document in json.loads(run(make(hosts=HOST), "json").stdout)}
    assert documents["host keys"] == {
        "name": "host keys",
        "ok": False,
        "detail": "not recorded for 1 of 1 SSH servers, such as r1",
        "remedy": "Run: eventready trust",
        "needed": True,
        "label": "",
    }


@pytest.mark.attack(family="secrets at rest")
@pytest.mark.parametrize(
    ("name", "mode", "right"),
    [
        ("inventory/hosts.yaml", 0o646, "changed"), ("inventory", 0o757, "changed"), (".", 0o757, "changed"),
        ("playbooks/site.yaml", 0o602, "changed"), (".eventready", 0o755, "read"), (".eventready", 0o711, "read"),
        ("vault.password", 0o604, "read"), ("keys/id_ed25519", 0o604, "read"),
    ],
)  # fmt: skip
def test_files_that_others_may_change_or_read_are_named(
    make: Make, monkeypatch: pytest.MonkeyPatch, name: str, mode: int, right: str
) -> None:
    workspace = make(hosts=HOST)
    for file in (workspace / "playbooks" / "site.yaml", workspace / "vault.password", workspace / ".eventready" / "x"):
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
    (workspace / "keys").mkdir()
    (workspace / "keys" / "id_ed25519").touch(mode=0o600)
    (workspace / "keys" / "id_ed25519").write_text(f"-----BEGIN OPENSSH {'PRIVATE KEY'}-----\n", encoding="utf-8")
    monkeypatch.setenv("EVENTREADY_VAULT_PASSWORD_FILE", str(workspace / "vault.password"))
    assert "modes" not in signs(workspace)
    (workspace / name).chmod(mode)
    found = signs(workspace)["modes"]
    assert ("may change" if right == "changed" else "may read") in in_english(found.detail)
    assert str(workspace / name) in in_english(found.detail) + in_english(found.remedy)


@pytest.mark.attack(family="personal links")
def test_keys_of_the_wall_without_a_use_and_pages_without_tls_are_named(make: Make) -> None:
    workspace = make(hosts=HOST)
    with Store.of_workspace(workspace) as store:
        keys = AccessKeys(store, load_workspace(workspace).event)
        secrets = {name: keys.invite(name, "operator") for name in ("An", "Bình")}
        token, _other = keys.issue("prometheus", "viewer"), keys.issue("grafana", "viewer")
        store.current(SERVED).put("", Served("http://0.0.0.0:8750"))
        assert keys.exchange(secrets["An"], "192.0.2.9")[1]
        assert keys.find(token, "token", "192.0.2.10")
    shown = [line for line in run(workspace).output.splitlines() if "doors:" in line]
    assert shown == [
        "note     doors: not opened yet: the link of Bình. Whoever opens it first is that person",
        "note     doors: never used: the token of grafana. It has no end",
        "note     doors: the pages were last served without TLS to other machines: http://0.0.0.0:8750",
    ]
    with Store.of_workspace(workspace) as store:
        AccessKeys(store, load_workspace(workspace).event).revoke("grafana")
        store.current(SERVED).put("", Served("http://[::1]:8750"))
    assert run(workspace).output.count("doors:") == 1


def test_a_workspace_that_does_not_load(make: Make) -> None:
    found = signs(make(hosts=HOSTS + "  prot: 1\n"))
    assert "unknown key 'prot'" in in_english(found["workspace"].detail)
    assert "host keys" not in found
    assert not signs(make(event=None))["workspace"].ok
    assert not signs(make(hosts=""))["workspace"].ok, "a workspace of zero devices is never well"


@pytest.mark.parametrize(
    ("file", "text", "printed"),
    [
        ("waivers", "waivers: [{check: powerr, by: A, reason: b, until: 2022-05-02}]\n", "no check 'powerr'. Did you"),
        ("limits", "defaults: {powerr: {warn: 1}}\n", "no check 'powerr'. Did you mean 'power'?"),
    ],
)
def test_what_only_an_audit_would_stumble_over(make: Make, file: str, text: str, printed: str) -> None:
    folder = make(hosts=HOST)
    assert signs(folder)["workspace"].ok
    (folder / "inventory" / f"{file}.yaml").write_text(text, encoding="utf-8")
    reported = signs(folder)["workspace"]
    assert not reported.ok
    assert printed in in_english(reported.detail)


def test_python() -> None:
    assert doctor.python((3, 11)).ok
    assert doctor.python((3, 13)).ok
    assert not doctor.python((3, 10)).ok
    assert doctor.python((3, 10)).needed
    newer = doctor.python((3, 14)).rendered("en")
    assert (newer.ok, newer.needed, newer.label) == (False, False, "note")
    assert newer.remedy == "Tested with Python 3.11 to 3.13; use one of these."


def test_one_least_version_of_python_without_an_upper_bound() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = ".".join(map(str, doctor.OLDEST))
    assert project["project"]["requires-python"] == f">={oldest}"
    assert project["tool"]["mypy"]["python_version"] == oldest
    make = (root / "Makefile").read_text(encoding="utf-8")
    assert f"v >= {doctor.OLDEST}" in make
    assert f"--python-version {oldest} " in make
    lock = (root / "constraints.txt").read_text(encoding="utf-8")
    ends = [int(minor) for minor in re.findall(r"python_full_version <=? '3\.(\d+)", lock)]
    assert max(ends) <= doctor.NEWEST[1], "a package of the lock is left out beyond the tested versions"


def test_clock() -> None:
    assert all(sign.ok for sign in doctor.clock(datetime(2026, 11, 25, tzinfo=UTC)))
    assert not all(sign.ok for sign in doctor.clock(datetime(1970, 1, 1, tzinfo=UTC)))


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(sign.ok for sign in doctor.packages())
    versions = {"netmiko": "4.4.9", "asyncssh": None, "click": "9.0"}

    def version(name: str) -> str:
        found = versions.get(name, "9999")
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(doctor, "version", version)
    found = {sign.name: sign.rendered("en") for sign in doctor.packages()}
    assert found["packages"].detail == "missing or too old: netmiko"
    assert found["packages"].needed
    assert found["extra lab"].detail == "missing or too old: asyncssh"
    assert found["extra lab"].remedy == 'Install: pip install "eventready[lab]"'
    assert not found["extra lab"].needed
    assert found["extra secrets"].ok


def test_database(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = make()
    assert doctor.database(workspace).ok
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", "nonsense://user:hunter2@nowhere/db")
    sign = doctor.database(workspace)
    assert not sign.ok
    assert sign.remedy
    assert "hunter2" not in f"{sign}"
    (workspace / ".eventready").mkdir()
    (workspace / ".eventready" / "eventready.db").write_bytes(b"not a database" * 100)
    monkeypatch.delenv("EVENTREADY_DATABASE_URL")
    assert not doctor.database(workspace).ok


def test_a_broken_known_hosts_file(make: Make) -> None:
    workspace = make(hosts=HOST)
    (workspace / "known_hosts").write_text("garbage\n")
    assert "known_hosts:1" in in_english(signs(workspace)["host keys"].detail)


def test_doctor_real_names_every_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from eventready_lab.real.machinery.requirements import OPTIONAL, PACKAGES, Package

    monkeypatch.setattr(Package, "installed", property(lambda _package: False))
    signs = {sign.name: sign for one in doctor.further_requirements() for sign in one.examine()}
    for package, needed in [*((one, True) for one in PACKAGES), *((one, False) for one in OPTIONAL)]:
        assert not signs[package.name].ok
        assert signs[package.name].needed is needed
        assert signs[package.name].remedy == f"apt-get install {package.name}"


def test_every_package_with_requirements_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint(name, "eventready_lab.real.machinery.requirements", "eventready.requirements") for name in "ab"
    ]
    monkeypatch.setattr(doctor, "entry_points", lambda group: points)
    assert len(doctor.further_requirements()) == 2


def test_forms_without_a_public_source_are_named(make: Make) -> None:
    workspace = make(hosts=HOST + "  platform: nokia_sros\n")
    sign = signs(workspace)["platform nokia_sros"]
    assert (sign.ok, sign.needed) == (False, False)
    assert "no public source confirms the form of system, " in in_english(sign.detail)
    assert "eventready audit" in in_english(sign.remedy)
    assert "platform frr" not in signs(make(hosts=HOST))


def test_devices_without_permission_expectations_or_values_are_named(make: Make) -> None:
    hosts = HOST + (
        "b1: {hostname: 192.0.2.2, platform: osmocom_bsc, data: {role: bts_controller, allow_cleartext: false}}\n"
        "r2:\n  hostname: 192.0.2.3\n  groups: [router]\n  data: {expect: {uplinks: [eth0]}, intents: {backup: {}}}\n"
    )
    workspace = make(hosts=hosts)
    (workspace / "templates" / "backup").mkdir(parents=True)
    (workspace / "templates" / "backup" / "frr.j2").write_text("ip route 0.0.0.0/0 {{ uplink.next_hop }}\n")
    printed = run(workspace).stdout
    assert "1 device speaks without encryption only, and is not allowed to: b1" in printed
    assert "2 devices have no expectations: r1, b1" in printed
    assert "intents: backup: " in printed
    assert "uplink" in printed


def test_a_cause_of_many_devices_is_one_line(make: Make) -> None:
    def host(n: int, access: str) -> str:
        data = f"data: {{role: router, access: {{{access}}}}}"
        return f"d{n}: {{hostname: 192.0.2.{n}, platform: frr, {data}}}\n"

    settings = ["identity_files: [keys/absent]"] * 20 + ["identity_files: [keys/other]"] * 2
    settings += ["jump_host: 'bastion one'"]
    workspace = make(hosts=HOST + "".join(host(n, access) for n, access in enumerate(settings, 100)))
    lines = [line for line in run(workspace).stdout.splitlines() if " access " in line]
    assert [line.partition(": ")[0] for line in lines] == [
        "MISSING  access d100, d101, d102, d103, d104 and 15 more",
        "MISSING  access d120 and d121",
        "MISSING  access d122",
    ]
    assert "keys/absent does not exist" in lines[0]
    documents = json.loads(run(workspace, "json").stdout)
    named = [document["name"] for document in documents if document["name"].startswith("access ")]
    assert named == [f"access d{n}" for n in range(100, 123)]


def test_devices_not_reached_have_a_line_per_cause_the_most_last() -> None:
    def lost(device: str, step: ConnectStep, cause: Message) -> Diagnosis:
        done = DiagnosisStep(ConnectStep.ROUTE, StepState.OK)
        return Diagnosis(device, (done, DiagnosisStep(step, StepState.FAILED, cause, "Check it.")))

    silent = [
        lost(f"r{n}", ConnectStep.TCP, message("session:no_answer", where=f"192.0.2.{n}:22", seconds=10))
        for n in range(7)
    ]
    refused = lost("r9", ConnectStep.LOGIN, message("cli:user.no_login", number=0))
    reached = Diagnosis("r8", (DiagnosisStep(ConnectStep.ROUTE, StepState.OK),))
    lines = list(_failures([*silent, refused, reached], App()))
    assert [line.partition(":")[0] for line in lines[::2]] == ["r9", "r0, r1, r2, r3, r4 and ..."]
    assert "192.0.2.0:22 does not answer" in lines[2]
    assert lines[3] == "  Check it."
