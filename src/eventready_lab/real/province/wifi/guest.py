"""The file system of the WiFi host: programs of this machine with their libraries, and a few configuration files.

Stations live in a network namespace of their own, so that the host shows its access points only. hostapd runs as
`netops`, the login user, with the capabilities for radios; `netops` may only read everything else. The lab logs in as
root, by key.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.real.province.wifi.archive import Archive
from eventready_lab.real.province.wifi.kernel import Kernel
from eventready_lab.real.province.wifi.radio import AccessPoint, hostapd_configuration, station_configuration

READY = "eventready: all stations are on the air"
#: The control socket of all stations.
_STATIONS = "/run/stations"
#: Received signal in dBm without the power of the transmitter, next to an access point and at the edge of its cell; as
#: unsigned 64-bit numbers, the only ones that mac80211_hwsim accepts.
_NEAR, _FAR = (2**64 + dbm for dbm in (-50, -100))
#: Pause between the arrivals of a crowd.
_ARRIVAL_S = 0.1
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAMS = ("hostapd", "hostapd_cli", "wpa_supplicant", "wpa_cli", "iw", "sshd", "ip", "bash", "free", "setpriv")
_HELPERS = ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth")
_BUSYBOX = (
    "sh", "ls", "cat", "mount", "insmod", "mkdir", "sleep", "grep", "kill", "uname", "dmesg", "head", "tail", "awk",
    "sed", "env", "id", "true", "false", "poweroff", "hostname", "cut", "wc", "sort", "setsid", "ln", "chmod",
    "chown", "rm", "seq", "date", "cp", "mv", "touch", "nohup", "pidof", "ps", "test", "tr", "stat", "cmp", "dirname",
    "basename", "sha256sum", "mktemp", "find", "printf", "nice", "tee", "timeout", "xargs", "sync", "df",
)  # fmt: skip


@dataclass(frozen=True)
class Secrets:
    """Host key, the lab's own key, and the hashed password of `netops`."""

    host_key: str
    lab_key: str
    password_hash: str


def pack(kernel: Kernel, name: str, air: Sequence[AccessPoint], secrets: Secrets) -> bytes:
    """The initial file system. Raises UsageError for a missing program."""
    archive = Archive()
    for folder in ("/proc", "/sys", "/dev", "/run", "/var/empty", "/root", "/home/netops"):
        archive.folder(folder)
    archive.folder("/tmp", 0o1777)  # noqa: S108  the machine's own
    archive.link("/var/run", "/run")
    for program in _PROGRAMS:
        _program(archive, _found(program))
    for helper in _HELPERS:
        if Path(helper).exists():
            _program(archive, helper)
    archive.file("/bin/busybox", Path(_found("busybox")).read_bytes(), 0o755)
    if "/bin/bash" not in archive:
        archive.link("/bin/bash", _found("bash"))
    for applet in _BUSYBOX:
        if f"/bin/{applet}" not in archive:
            archive.link(f"/bin/{applet}", "busybox")
    for name_, content in (modules := kernel.modules()):
        archive.file(f"/modules/{name_}.ko", content)
    for file in ("regulatory.db", "regulatory.db.p7s"):
        archive.file(f"/lib/firmware/{file}", Path(f"/lib/firmware/{file}").resolve().read_bytes())
    _accounts(archive, secrets)
    _air(archive, air)
    archive.file("/lab/fault", fault_script(air), 0o755)
    archive.file("/lab/stations", stations_script(air), 0o755)
    archive.file("/lab/hostapd", hostapd_script(air), 0o755)
    archive.file("/init", init_script(name, air, [module for module, _ in modules]), 0o755)
    return archive.packed()


def _found(program: str) -> str:
    path = shutil.which(program, path=_PATH)
    if path is None:
        raise UsageError(message("lab:no_program", program=program))
    return path


def _program(archive: Archive, path: str) -> None:
    """Add a program and its shared libraries."""
    needed = subprocess.run(["ldd", path], check=False, capture_output=True, text=True).stdout
    for file in (path, *re.findall(r"(/\S+) \(0x", needed)):
        if file not in archive:
            archive.file(file, Path(file).resolve().read_bytes(), 0o755)


def _accounts(archive: Archive, secrets: Secrets) -> None:
    archive.file(
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nsshd:x:100:65534::/run/sshd:/bin/false\n"
        "netops:x:1000:1000:netops:/home/netops:/bin/bash\n",
    )
    archive.file("/etc/group", "root:x:0:\ntty:x:5:\nnetdev:x:106:netops\nnetops:x:1000:\nnogroup:x:65534:\n")
    archive.file(
        "/etc/shadow", f"root:*:19000::::::\nnetops:{secrets.password_hash}:19000::::::\nsshd:*:19000::::::\n", 0o600
    )
    archive.file("/etc/nsswitch.conf", "passwd: files\nshadow: files\ngroup: files\n")
    archive.file("/etc/profile", "PS1='\\u@\\h:\\w\\$ '\n")
    archive.folder("/root/.ssh", 0o700)
    archive.file("/root/.ssh/authorized_keys", f"{secrets.lab_key}\n", 0o600)
    archive.file("/etc/ssh/host_key", secrets.host_key, 0o600)
    archive.file(
        "/etc/ssh/sshd_config",
        "HostKey /etc/ssh/host_key\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication yes\n"
        "KbdInteractiveAuthentication no\nPidFile none\nUseDNS no\nPrintMotd no\nMaxStartups 50\n",
    )


def _air(archive: Archive, air: Sequence[AccessPoint]) -> None:
    station = len(air)
    for number, ap in enumerate(air):
        archive.file(f"/etc/hostapd/{ap.name}.conf", hostapd_configuration(ap), 0o600)
        for _ in range(ap.stations):
            archive.file(f"/etc/wpa/wlan{station}.conf", station_configuration(number, air), 0o600)
            station += 1


def init_script(name: str, air: Sequence[AccessPoint], modules: Sequence[str]) -> str:
    """Process 1 of the machine, in bash: the shell of busybox prefers its own `ip`, which has no namespaces."""
    first, stations = len(air), sum(ap.stations for ap in air)
    load = "\n".join(
        f"insmod /modules/{module}.ko" + (f" radios={first + stations}" if module == "mac80211_hwsim" else "")
        for module in modules
    )
    renames = "\n".join(f"ip link set wlan{number} name {ap.name}" for number, ap in enumerate(air))
    names = " ".join(ap.name for ap in air)
    return f"""#!/bin/bash
export PATH={_PATH}
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
mkdir -p /dev/pts /run/sshd /run/netns; mount -t devpts -o gid=5,mode=620 devpts /dev/pts
mount -t debugfs -o mode=700 debugfs /sys/kernel/debug
mount -t tmpfs -o mode=700,uid=1000,gid=1000 home /home/netops  # `df` knows no size of the first file system
hostname {name}
{load}
iw reg reload; iw reg set VN
ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
/usr/sbin/sshd -f /etc/ssh/sshd_config
{renames}
mkdir /run/hostapd; chown -R 1000:106 /etc/hostapd /run/hostapd
/lab/hostapd
ip netns add crowd
set --
for n in $(seq {first} {first + stations - 1}); do
  iw phy phy$n set netns name crowd
  [ $# = 0 ] || set -- "$@" -N
  set -- "$@" -D nl80211 -i wlan$n -c /etc/wpa/wlan$n.conf
done
[ $# = 0 ] || ip netns exec crowd wpa_supplicant -B -g {_STATIONS} "$@" >/run/wpa.log 2>&1
joined() {{
  n=0
  for ap in {names}; do n=$((n + $(iw dev $ap station dump | grep -c 'authorized:.*yes'))); done
  [ $n -ge {stations} ]
}}
echo 0 >/run/network
round=0
until joined; do  # without a time limit: the lab has one
  sleep 0.5
  round=$((round + 1))
  if [ $((round % 8)) = 0 ]; then
    echo "eventready: $n of {stations} stations are on the air" >/dev/console
    /lab/stations retry
  fi
done
echo "{READY}" >/dev/console
while :; do sleep 4; /lab/stations retry; done
"""


def hostapd_script(air: Sequence[AccessPoint]) -> str:
    """`/lab/hostapd`: hostapd as an unprivileged user with the capabilities for radios."""
    configurations = " ".join(f"/etc/hostapd/{ap.name}.conf" for ap in air)
    rights = "--inh-caps +net_admin,+net_raw --ambient-caps +net_admin,+net_raw"
    return f"""#!/bin/bash
exec setpriv --reuid 1000 --regid 106 --clear-groups {rights} \\
  hostapd -B {configurations} >/run/hostapd.log 2>&1
"""


def stations_script(air: Sequence[AccessPoint]) -> str:
    """Script `/lab/stations`: `join NETWORK PAUSE` disconnects all stations and joins them to a network of their
    configuration, with a pause between two stations, as this processor is too slow for all keys at once; `retry`
    repeats failed associations.
    """
    first, last = len(air), len(air) + sum(ap.stations for ap in air) - 1
    return f"""#!/bin/bash
export PATH={_PATH}
stations=$(seq {first} {last})
case "$1" in
  join)
    rm -f /run/network
    for n in $stations; do echo "raw IFNAME=wlan$n DISCONNECT"; done | wpa_cli -g {_STATIONS}
    for n in $stations; do
      echo "raw IFNAME=wlan$n BSS_FLUSH 0"  # an access point just seen would be joined without a scan
      echo "raw IFNAME=wlan$n SELECT_NETWORK $2"
      sleep $3
    done | wpa_cli -g {_STATIONS}
    echo $2 >/run/network;;
  retry)
    read -r network </run/network || exit 0
    for n in $stations; do echo "raw IFNAME=wlan$n STATUS"; done | wpa_cli -g {_STATIONS} |
      grep -o 'wpa_state=[A-Z_0-9]*' | awk -v n={first} -v network=$network '
        /DISCONNECTED|INACTIVE|SCANNING/ {{ print "raw IFNAME=wlan" n " SELECT_NETWORK " network }}
        {{ n++ }}' | wpa_cli -g {_STATIONS};;
esac >/dev/null 2>&1
"""


def fault_script(air: Sequence[AccessPoint]) -> str:
    """`/lab/fault`: makes and undoes the faults of the machine.

    `ap-down AP`, `ap-up AP`; `close AP` lets its stations go and admits none, `open AP` admits as its file says;
    `gather AP` brings every station next to one access point and to the edge of all other cells, free to choose;
    `spread` brings each station home; `controller-down` kills hostapd, `controller-up` starts it.
    """
    where = "\n    ".join(f"{ap.name}) radio={number};;" for number, ap in enumerate(air))
    return f"""#!/bin/bash
export PATH={_PATH}
place() {{
  case "$1" in
    {where}
    *) echo "there is no access point $1" >&2; exit 2;;
  esac
}}
signal() {{
  echo $2 >/sys/kernel/debug/ieee80211/phy$1/hwsim/rx_rssi
}}
signals() {{
  for n in $(seq 0 {len(air) - 1}); do signal $n $1; done
}}
# as hostapd's own user: hostapd cannot write to a socket of root
control() {{
  ap=$1; shift
  setpriv --reuid 1000 --regid 106 --clear-groups hostapd_cli -p /run/hostapd -i $ap "$@"
}}
case "$1" in
  ap-down) place "$2"; control "$2" disable;;
  ap-up) place "$2"; control "$2" enable;;
  close) place "$2"; control "$2" set max_num_sta 0; control "$2" deauthenticate ff:ff:ff:ff:ff:ff;;
  open) place "$2"; most=$(grep -m 1 '^max_num_sta=' /etc/hostapd/"$2".conf)
    control "$2" set max_num_sta "${{most#max_num_sta=}}";;
  gather) place "$2"; signals {_FAR}; signal $radio {_NEAR}; /lab/stations join 1 {_ARRIVAL_S};;
  spread) signals {_NEAR}; /lab/stations join 0 0;;
  controller-down) kill -9 $(pidof hostapd);;
  controller-up) rm -f /run/hostapd/*; /lab/hostapd;;
  *) echo "there is no fault $1" >&2; exit 2;;
esac
"""
