"""Deployment: manifests that Kubernetes takes, an image without root, units of systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from eventready.cli.main import cli, main
from eventready.delivery.service_units import member_service, systemd, wall_service
from eventready.workspace.examples.example import copy_example
from eventready.workspace.permission import allow

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = sorted(DEPLOY.glob("kubernetes/*.yaml"))


def documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [document for document in documents() if document["kind"] == kind]


def containers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each pod with each of its containers."""
    for document in documents():
        if pod := document["spec"].get("template", {}).get("spec"):
            yield from ((pod, container) for container in pod["containers"])


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_kubernetes_takes_the_manifests(version: str) -> None:
    found = list(documents())
    assert len(found) >= 3
    for document in found:
        kubernetes_validate.validate(document, version, strict=True)


def test_containers_have_no_rights() -> None:
    for pod, container in containers():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        own = container["securityContext"]
        assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_containers_run_commands_with_known_options() -> None:
    seen, context = set(), cli.make_context("eventready", ["schema"])
    for _, container in containers():
        words = [str(word) for word in container["args"]]
        name, command, rest = cli.resolve_command(context, words[2 * (words[0] == "-w") :])
        assert name == "cluster"
        assert isinstance(command, click.Group)
        seen.add(rest[0])
        member = command.get_command(context, rest.pop(0))
        assert member is not None
        member.make_parser(context).parse_args(rest)
    assert seen == {"scheduler", "worker"}


def test_each_member_has_a_certificate_of_its_own() -> None:
    members = of_kind("Deployment")
    secrets = [
        volume["secret"]["secretName"]
        for member in members
        for volume in member["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    ]
    assert len(secrets) == len(set(secrets)) == len(members) + 1  # and the devices of a worker
    assert {member["spec"]["replicas"] for member in members} == {1}


def test_no_secret_is_in_an_environment() -> None:
    for _, container in containers():
        assert "envFrom" not in container
        assert all("value" in variable for variable in container.get("env", ()))
        folders = {mount["mountPath"] for mount in container["volumeMounts"]}
        found = {variable["name"]: variable["value"] for variable in container.get("env", ())}
        assert {found.get("EVENTREADY_SECRETS_DIR", "/tmp")} < folders


def test_the_network_is_closed_but_for_what_members_need() -> None:
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    incoming = [rule for policy in policies.values() for rule in policy.get("ingress", ())]
    assert [rule["ports"] for rule in incoming] == [[{"protocol": "TCP", "port": 8786}]]
    assert all(rule.get("from") for rule in incoming)
    assert policies["scheduler"]["egress"] == []
    outgoing = [rule for policy in policies.values() for rule in policy.get("egress", ())]
    assert all(rule["to"] and rule["ports"] for rule in outgoing)
    blocks = [to["ipBlock"]["cidr"] for rule in outgoing for to in rule["to"] if "ipBlock" in to]
    assert blocks == ["198.51.100.0/24"]


def test_no_registry_is_named() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".json":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(docker\.io|quay\.io|ghcr\.io|gcr\.io|registry\.|index-url)", text), path


def test_units_start_members_with_their_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy_example(tmp_path / "w")
    allow(tmp_path / "w")
    where = "tcp://127.0.0.1:8786"
    own = ("-w", str(tmp_path / "w"), "cluster", "worker", "--scheduler", where, "--reach", "a", "--reach", "b")
    wall = ("-w", str(tmp_path / "w"), "serve", "--name", "wall.example.vn")
    for words, call in (
        (("cluster", "scheduler", "--listen", where), f"cluster scheduler --listen {where} --certificates /"),
        (own, f"{' '.join(own)} --workers 32 --certificates /"),
        (wall, f"{' '.join(wall[:3])} --host 127.0.0.1 --port 8750 --name wall.example.vn"),
    ):
        with pytest.raises(SystemExit):
            main([*words, "--systemd"])
        unit = capsys.readouterr().out
        assert f" -m eventready {call}" in unit
        assert "Restart=always" in unit


UNIT = re.compile(r"^# ~/\.config/systemd/user/(\S+)\n(.*?)(?=^# ~/\.config|\Z)", re.M | re.S)
#: Directives of every service: systemd knows each of them.
BOUNDS_OF_SERVICES = (
    "NoNewPrivileges=true", "PrivateTmp=true", "ProtectSystem=strict", "RestrictSUIDSGID=true",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", "SystemCallFilter=@system-service", "UMask=0077",
    "LimitCORE=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Units of every service, in a folder of their own; the workspace has a blank, a percent and a dollar sign."""
    folder = tmp_path_factory.mktemp("units")
    workspace = folder / "50% of $HOME"
    printed = systemd(workspace, "e", ["--really"]) + wall_service(workspace, "e", ["--port", "8750"])
    for text in (printed, member_service("worker", ["cluster", "worker"]), member_service("scheduler", ["cluster"])):
        for name, unit in UNIT.findall(text):
            (folder / name).write_text(unit, encoding="utf-8")
    return folder


def test_every_service_is_bounded(units: Path) -> None:
    services = sorted(units.glob("*.service"))
    names = ["e-wall", "e-watch", "e", "scheduler", "worker"]
    assert [path.name for path in services] == [f"eventready-{name}.service" for name in names]
    for path in services:
        lines = path.read_text(encoding="utf-8").split("\n")
        assert set(BOUNDS_OF_SERVICES) <= set(lines), path
        written = f'ReadWritePaths="{units}/50%% of $HOME"'
        assert (written in lines) == ("-e" in path.name), path
        assert ("RestrictNamespaces=true" in lines) == (path.stem not in ("eventready-e", "eventready-e-watch"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_every_unit(units: Path) -> None:
    """Unknown directives and values are named; exposure below 7 of 10 (9.6 without bounds)."""
    call = ["systemd-analyze", "--user"]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(units)}
    paths = sorted(path for path in units.iterdir() if path.suffix in (".service", ".timer"))
    verified = subprocess.run([*call, "verify", *paths], capture_output=True, text=True, check=False, env=environment)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    for path in sorted(units.glob("*.service")):
        rated = subprocess.run(
            [*call, "security", "--offline=true", "--threshold=70", path], capture_output=True, text=True, check=False,
            env=environment,
        )  # fmt: skip
        assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr


#: Limits that any machine allows.
BOUNDS = ("--ulimit", "nofile=20000:20000", "--ulimit", "nproc=20000:20000")
BUILD = (
    os.environ.get("EVENTREADY_REAL") and shutil.which("buildah") and shutil.which("mmdebstrap") and not os.geteuid()
)


@pytest.mark.real
@pytest.mark.skipif(not BUILD, reason="builds an image with EVENTREADY_REAL=1, as root, with mmdebstrap and buildah")
@pytest.mark.timeout(900)
def test_the_image_runs_without_root() -> None:
    name = "eventready-test"
    subprocess.run([DEPLOY / "build-image", name], check=True, timeout=800)
    try:
        box = subprocess.run(
            ["buildah", "from", "--pull-never", *BOUNDS, name], check=True, capture_output=True, text=True
        )
        run = ["buildah", "run", "--isolation", "chroot", "--user", "10001", box.stdout.strip(), "--"]
        try:
            shown = subprocess.run([*run, "eventready", "--version"], check=True, capture_output=True, text=True)
            who = subprocess.run([*run, "id", "-u"], check=True, capture_output=True, text=True)
        finally:
            subprocess.run(["buildah", "rm", box.stdout.strip()], check=True, capture_output=True)
        settings = subprocess.run(["buildah", "inspect", "--type", "image", name], check=True, capture_output=True)
    finally:
        for image in (name, f"{name}-base"):
            subprocess.run(["buildah", "rmi", "-f", image], check=False, capture_output=True)
    assert shown.stdout.startswith("eventready ")
    assert who.stdout.strip() == "10001"
    assert b'"User": "10001:10001"' in settings.stdout
