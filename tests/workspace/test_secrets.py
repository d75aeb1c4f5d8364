"""References lead to values, or to a sentence that holds none."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from eventready.workspace.keys.secrets import SecretError, is_reference, keeping, plain_secrets, resolve
from eventready.workspace.workspace import load_workspace

from .conftest import EVENT, HOSTS, Make

VALUE = "s3cr3t-Giá trị: *&!"


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Copy a text of ansible-vault to inventory/vault.yml; its password is known."""
    monkeypatch.setenv("EVENTREADY_VAULT_PASSWORD", "pw")
    monkeypatch.delenv("EVENTREADY_VAULT_PASSWORD_FILE", raising=False)

    def write(name: str) -> Path:
        path = tmp_path / "inventory" / "vault.yml"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(Path(__file__).with_name("vaults") / f"{name}.yml", path)
        return tmp_path

    return write


def refusal(reference: str, workspace: Path = Path()) -> str:
    with pytest.raises(SecretError) as raised:
        resolve(reference, workspace, where="hosts.yaml:3")
    text = f"{raised.value!s} {raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"
    assert VALUE not in text
    assert raised.value.__cause__ is None
    return str(raised.value)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_PASSWORD", VALUE)
    assert resolve("env:ROUTER_PASSWORD") == VALUE
    monkeypatch.setenv("ROUTER_PASSWORD", "")
    assert resolve("env:ROUTER_PASSWORD") == "", "set and empty is a value"
    monkeypatch.delenv("ROUTER_PASSWORD")
    assert refusal("env:ROUTER_PASSWORD") == (
        "hosts.yaml:3: the environment variable ROUTER_PASSWORD is not set. Set it: export ROUTER_PASSWORD=..."
    )


def test_a_file_of_the_folder_of_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person names the folder: a name in it needs no list; a name out of it is none."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "NOT_LISTED").write_text(f"{VALUE}\n", encoding="utf-8")
    (folder / "BROKEN").write_bytes(b"\xff")
    (tmp_path / "outside").write_text("x", encoding="utf-8")
    monkeypatch.setenv("EVENTREADY_SECRETS_DIR", str(folder))
    monkeypatch.setenv("NOT_LISTED", "of the environment")
    assert resolve("env:NOT_LISTED") == VALUE
    assert "cannot be read" in refusal("env:BROKEN")
    for name in ("../outside", f"{tmp_path}/outside", "."):
        assert "is not set" in refusal(f"env:{name}")


def test_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {("core routers", "netops"): VALUE}
    monkeypatch.setattr(keyring, "get_password", lambda service, user: stored.get((service, user)))
    assert resolve("keyring:core routers/netops") == VALUE
    assert refusal("keyring:edge/netops") == (
        "hosts.yaml:3: the keyring has no entry for edge/netops. Store it: keyring set edge netops"
    )
    assert refusal("keyring:edge") == "hosts.yaml:3: keyring:edge has no user. Write keyring:service/user."


def test_a_locked_keyring_says_nothing_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, user: str) -> str:
        raise RuntimeError(f"cannot decrypt {VALUE}")

    monkeypatch.setattr(keyring, "get_password", locked)
    with pytest.raises(SecretError, match=r"the keyring cannot be read for edge/netops \(RuntimeError\)") as raised:
        resolve("keyring:edge/netops")
    assert VALUE not in str(raised.value)


@pytest.mark.parametrize("name", ["1.1", "1.2"])
def test_vault(vault: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    workspace = vault(name)
    assert resolve("vault:core", workspace) == VALUE
    assert resolve("vault:pin", workspace) == "1234"
    assert refusal("vault:cor", workspace).endswith("vault.yml has no key 'cor'. Did you mean 'core'?")
    (tmp_path / "password").write_text("pw\n")
    monkeypatch.delenv("EVENTREADY_VAULT_PASSWORD")
    assert refusal("vault:core", workspace) == (
        "hosts.yaml:3: the password of the vault is not set. "
        "Set EVENTREADY_VAULT_PASSWORD or EVENTREADY_VAULT_PASSWORD_FILE."
    )
    monkeypatch.setenv("EVENTREADY_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    assert resolve("vault:core", workspace) == VALUE


def test_vault_that_does_not_open(
    vault: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "vault.yml does not exist. Make it: ansible-vault create" in refusal("vault:core", tmp_path)
    workspace = vault("1.1")
    monkeypatch.setenv("EVENTREADY_VAULT_PASSWORD", "wrong")
    assert "the vault cannot be opened with the password given" in refusal("vault:core", workspace)
    monkeypatch.setenv("EVENTREADY_VAULT_PASSWORD", "pw")
    assert "the vault must hold `key: value` lines" in refusal("vault:core", vault("list"))
    path = workspace / "inventory" / "vault.yml"
    path.write_text(f"core: {VALUE}\n", encoding="utf-8")
    assert "is not encrypted. Encrypt it: ansible-vault encrypt" in refusal("vault:core", workspace)


@pytest.mark.attack(family="vaults")
@pytest.mark.parametrize("damage", [
    lambda text: text[:90],
    lambda text: text[:-3] + "00\n",
    lambda text: text.replace("3", "4", 1),
    lambda text: text.replace("1.1", "1.0"),
    lambda text: text.replace("AES256", "AES"),
    lambda text: text.replace("AES256", f"AES256;{'x' * 9000}"),
    lambda text: text.partition("\n")[0],
    lambda text: text + "zz\n",
    lambda text: text + "0a" * 100,
    lambda text: text.replace("\n", "\n61\u0663", 1),
])  # fmt: skip
def test_damaged_vault(vault: Callable[[str], Path], damage: Callable[[str], str]) -> None:
    workspace = vault("1.1")
    path = workspace / "inventory" / "vault.yml"
    path.write_text(damage(path.read_text()), encoding="utf-8")
    assert "the vault cannot be opened with the password given" in refusal("vault:core", workspace)


def test_keyring_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert refusal("keyring:a/b").endswith('needs the package keyring. Install it: pip install "eventready[secrets]"')


@pytest.mark.parametrize("text", ["env:A", "keyring:s/u", "vault:k", "env:A B"])
def test_references(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("text", ["", "env:", "env: ", "ENV:A", "hunter2", "environment:A", None, 5, "x env:A"])
def test_no_references(text: object) -> None:
    assert not is_reference(text)


PLAIN = {
    "password": {"password": "x"},
    "number": {"password": 5},
    "options": {"connection_options": {"ssh": {"password": "x"}}},
    "extras": {"connection_options": {"eventready": {"extras": {"secret": "x"}}}},
    "passphrase": {"connection_options": {"ssh": {"extras": {"passphrase": "x"}}}},
    "list": {"data": {"x_radius": [{"shared_secret": "x"}]}},
    "community": {"data": {"x_snmp": {"community": "x"}}},
    "token": {"data": {"x_api_token": "x"}},
    "private key": {"data": {"x_private_key": "x"}},
}


@pytest.mark.parametrize("entry", PLAIN.values(), ids=PLAIN)
def test_plain_secrets_are_found(entry: dict[str, Any]) -> None:
    assert len(plain_secrets(entry)) == 1


@pytest.mark.parametrize(
    "entry",
    [
        {"password": "env:X", "username": "netops"},
        {"password": None},
        {"password": ""},
        {
            "connection_options": {
                "netmiko": {"extras": {"use_keys": True, "key_file": "~/.ssh/id", "secret": "vault:x"}}
            }
        },
        {"data": {"x_passport_office": "open"}},
    ],
)
def test_what_is_no_plain_secret(entry: dict[str, Any]) -> None:
    assert plain_secrets(entry) == ()


def test_a_lab_may_hold_passwords(make: Make) -> None:
    workspace = load_workspace(make(event=EVENT + "lab: true\n", hosts=HOSTS + "  password: rehearsal\n"))
    assert workspace.event.lab
    assert resolve(str(workspace.nornir(1).inventory.hosts["r1"].password)) == "rehearsal"


def test_a_kept_secret_outlives_its_source_and_a_code_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values are those of this process, of the same folder, and of the same giver."""
    monkeypatch.setattr("eventready.workspace.keys.secrets._KEPT", {})
    monkeypatch.setenv("ROUTER_PASSWORD", VALUE)
    monkeypatch.setattr(keyring, "get_password", lambda _service, _user: VALUE)
    count = tmp_path / "count"
    count.write_text("0")
    code = tmp_path / "code"
    code.write_text(f"#!/bin/sh\nn=$(($(cat {count}) + 1))\necho $n > {count}\necho $n\n")
    code.chmod(0o700)
    with keeping():
        for reference in ("env:ROUTER_PASSWORD", "keyring:core/netops"):
            assert resolve(reference, tmp_path) == VALUE
        assert resolve(f"exec:{code}", tmp_path, fresh=True) == "1"
    monkeypatch.delenv("ROUTER_PASSWORD")
    monkeypatch.setattr(keyring, "get_password", lambda _service, _user: None)
    for reference in ("env:ROUTER_PASSWORD", "keyring:core/netops"):
        assert resolve(reference, tmp_path) == VALUE
        refusal(reference)  # another folder
    assert resolve(f"exec:{code}", tmp_path, fresh=True) == "2"
    with pytest.raises(SecretError):
        resolve("env:ROUTER_PASSWORD", tmp_path, own=True)
