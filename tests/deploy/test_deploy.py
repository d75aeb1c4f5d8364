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
from eventready.workspace.examples.example import copy_example
from eventready.workspace.permission import allow

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = sorted(DEPLOY.glob("kubernetes/*.yaml"))


def documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


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
    for words, call in (
        (("cluster", "scheduler", "--listen", where), f"cluster scheduler --listen {where} --certificates /"),
        (own, f"{' '.join(own)} --workers 32 --certificates /"),
    ):
        with pytest.raises(SystemExit):
            main([*words, "--systemd"])
        unit = capsys.readouterr().out
        assert f" -m eventready {call}" in unit
        assert "Restart=always" in unit


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
