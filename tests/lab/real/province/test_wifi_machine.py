"""The WiFi machine without starting it: its file system, its scripts, its radios, and what is left of it."""

from __future__ import annotations

import gzip
import json
import lzma
import shutil
import stat
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from eventready.core.errors import UsageError
from eventready_lab.real.machinery.sandbox import processes_of
from eventready_lab.real.province.wifi import guest, machine, radio
from eventready_lab.real.province.wifi import radio_faults as faults
from eventready_lab.real.province.wifi.archive import Archive
from eventready_lab.real.province.wifi.kernel import Kernel


def entries(packed: bytes) -> dict[str, tuple[int, int, bytes]]:
    """(mode, owner, content) by name, as a kernel reads a newc archive."""
    data, at = gzip.decompress(packed), 0
    found: dict[str, tuple[int, int, bytes]] = {}
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, owner, size, name_size = fields[1], fields[2], fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        begin = (at + 110 + name_size + 3) & ~3
        if name == "TRAILER!!!":
            return found
        assert name not in found
        found[name] = (mode, owner, data[begin : begin + size])
        at = (begin + size + 3) & ~3


def test_an_archive_has_parents_first_and_keeps_what_is_put_in() -> None:
    archive = Archive()
    archive.file("/etc/deep/one", "việc", 0o600, owner=7)
    archive.link("/bin/sh", "busybox")
    archive.folder("/etc")
    found = entries(archive.packed())
    assert list(found) == ["etc", "etc/deep", "etc/deep/one", "bin", "bin/sh"]
    assert found["etc/deep/one"] == (stat.S_IFREG | 0o600, 7, "việc".encode())
    assert found["bin/sh"][2] == b"busybox"
    assert stat.S_ISDIR(found["etc"][0])


def test_modules_come_after_those_that_they_need(tmp_path: Path) -> None:
    home = tmp_path / "usr/lib/modules/6/kernel"
    home.mkdir(parents=True)
    for name, needs in (
        ("mac80211-hwsim", "mac80211"),
        ("mac80211", "cfg80211,libarc4"),
        ("cfg80211", ""),
        ("libarc4", ""),
    ):
        (home / f"{name}.ko.xz").write_bytes(lzma.compress(b"ELF\0depends=" + needs.encode() + b"\0name=x\0"))
    names = [name for name, _ in Kernel("linux-image", tmp_path).modules(("mac80211_hwsim", "built_in", "cfg80211"))]
    assert names == ["cfg80211", "libarc4", "mac80211", "mac80211_hwsim"]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("text", [guest.init_script("host", radio.AIR, ["virtio_net"]), guest.fault_script(radio.AIR)])
def test_scripts_are_bash(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def test_the_air_is_large_enough_and_within_what_hwsim_and_linux_allow() -> None:
    assert len(radio.AIR) >= 4
    assert 40 <= sum(ap.stations for ap in radio.AIR) <= 100 - len(radio.AIR)
    assert all(len(ap.name) <= 15 for ap in radio.AIR)
    assert {(ap.channel, ap.frequency) for ap in radio.AIR} >= {(1, 2412), (11, 2462), (36, 5180)}
    assert radio.radio_address(0x1FF) == "02:00:00:01:ff:00"


@pytest.fixture
def record(tmp_path: Path) -> machine.MachineRecord:
    return machine.MachineRecord("evr-wifi-0123456789ab", str(tmp_path), "host", "127.0.0.1", 2222, "ssh-ed25519 AAAA")


def test_what_was_begun_is_found_by_its_tag_and_ended(record: machine.MachineRecord, tmp_path: Path) -> None:
    (tmp_path / "wifi.json").write_text(json.dumps(asdict(record)))
    (tmp_path / "initrd").write_text("x")
    (tmp_path / "mine.txt").write_text("kept")
    words = [sys.executable, "-c", "import time; print(flush=True); time.sleep(20)", record.tag]
    with subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert processes_of(record.tag) == [process.pid]
        assert processes_of(record.tag[:-1]) == []
        assert processes_of("") == processes_of("-c") == []
        assert machine.stop(tmp_path, process)
    assert processes_of(record.tag) == []
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert not machine.stop(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tag": "x"}', "\0"])
def test_a_record_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "wifi.json").write_text(text)
    assert machine.find(tmp_path) is None


def test_a_machine_that_says_nothing_is_not_waited_for(record: machine.MachineRecord) -> None:
    with pytest.raises(UsageError, match="console is empty"):
        machine.ready(record, alive=lambda: False)
    record.console.write_text(f"kernel\n{guest.READY}\n")
    machine.ready(record, alive=lambda: False)


@pytest.mark.parametrize(("fault", "ap"), [("ap-down", ""), ("ap-down", "a; reboot"), ("crowded", "$(x)")])
def test_what_is_no_name_never_reaches_the_machine(record: machine.MachineRecord, fault: faults.Fault, ap: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        faults.make(record, fault, ap)
