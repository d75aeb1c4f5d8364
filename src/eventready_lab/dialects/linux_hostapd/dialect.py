"""A Debian host with hostapd behind OpenSSH and bash, in the forms of hostapd 2.10, iw 6.9 and procps 4.

The platform's commands are answered here; every other line is executed by the host's shell (`eventready_lab/host/`). An
access point is an interface with one radio; with either off, hostapd reports the interface as disabled.
"""

from __future__ import annotations

from eventready_lab.device.dialect import Dialect, Errors, HostProfile
from eventready_lab.device.state import ApState, RadioState
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.linux_system import (
    KERNEL,
    hostname_and_uptime,
    links,
    load,
    mac_with_colons,
    memory,
    read_only_pattern,
)
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.linux_hostapd import effects

_PLATFORM = "linux_hostapd"


def _served(view: View) -> list[tuple[int, ApState, RadioState]]:
    """(number, access point, radio) of the access points with a radio, by name."""
    served = [(number, ap, ap.radios[0]) for number, ap in enumerate(effects.balanced(view)) if ap.radios]
    return sorted(served, key=lambda one: one[1].name)


_ANSWERS = load_answers(
    f"eventready_lab.dialects.{_PLATFORM}", hostname_and_uptime, mac_with_colons, _served, kernel=KERNEL
)

DIALECT = Dialect(
    platform=_PLATFORM,
    prompts={"enabled": "netops@{host}:~$ "},
    initial_mode="enabled",
    banner="\nThe programs included with the Debian GNU/Linux system are free software.\n",
    shows={
        **{read_only_pattern(_PLATFORM, start): answer for start, answer in _ANSWERS.items()},
        read_only_pattern(_PLATFORM, "awk "): load,
        "ip -json -statistics link": links,
        "free -b": memory,
    },
    errors=Errors(unknown="-bash: {word}: command not found", incomplete="-bash: syntax error: unexpected end of file"),
    host=HostProfile(
        prompt="{user}@{host}:~$ ",
        main=True,
        files=effects.files,
        programs=effects.programs,
        daemons={effects.DAEMON: effects.read},
    ),
    output_filters=False,
    log_line="[ 7261.402113] IPv6: ADDRCONF(NETDEV_CHANGE): eth9: link becomes ready",
)
