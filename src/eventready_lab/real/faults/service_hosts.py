"""Faults of service hosts: an ended daemon, a wrong record of DNS, errors of the portal."""

from __future__ import annotations

import re

from eventready_lab.faults.errors import no_part
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, fault, immediately
from eventready_lab.real.machinery.commands import run
from eventready_lab.real.province.layout import DNS_NAME

_QUIET = ">/dev/null 2>&1 </dev/null"
#: Each service: the process, and the command that starts it.
_SERVICES = {
    "nginx": ("nginx", "nginx"),
    "keepalived": ("keepalived", "keepalived"),
    "dnsmasq": ("dnsmasq", "dnsmasq"),
    "chrony": ("chronyd", "chronyd -x"),
    "rsyslog": ("rsyslogd", "rsyslogd"),
}


@fault("service-down", ("service_host",))
def service_down(target: RealFaultTarget, service: str = "nginx") -> FaultSteps:
    """A service has failed; the virtual address of keepalived moves to the other host."""
    if service not in _SERVICES:
        raise no_part(target.device, "service", service, _SERVICES)
    process, start = _SERVICES[service]
    host = target.equipment.hosts[target.device]
    run(*host.command("sh", "-c", f"kill $(pidof {process})"))
    yield lambda: not run(*host.command("pidof", process), check=False).strip()
    run(*host.command("sh", "-c", f"{start} >/dev/null 2>&1 </dev/null"))


@fault("dns-wrong", ("service_host",))
def dns_wrong(target: RealFaultTarget, name: str = "", address: str = "203.0.113.66") -> FaultSteps:
    """The DNS server answers with another address for a name."""
    wanted = re.escape(name or DNS_NAME)
    change = f"s/^(host-record={wanted}),.*/\\1,{address}/"
    yield from _changed(
        target, "/etc/dnsmasq.d", change, f"kill $(pidof dnsmasq); sleep 0.2; {_SERVICES['dnsmasq'][1]}"
    )


@fault("http-error", ("service_host",))
def http_error(target: RealFaultTarget, status: int = 500) -> FaultSteps:
    """The portal answers every request with an error."""
    yield from _changed(target, "/etc/nginx/conf.d", f"s/proxy_pass [^;]*;/return {int(status)};/", "nginx -s reload")


def _changed(target: RealFaultTarget, folder: str, change: str, restart: str) -> FaultSteps:
    """Change the files of a folder by an expression of sed, and restore them afterwards."""
    host = target.equipment.hosts[target.device]
    kept = f"/run/lab{folder.replace('/', '-')}"
    run(
        *host.command(
            "sh", "-c", f"cp -a {folder} {kept} && sed -i -E '{change}' {folder}/*.conf && {{ {restart}; }} {_QUIET}"
        )
    )
    yield immediately
    run(*host.command("sh", "-c", f"cp -a {kept}/. {folder}/ && rm -rf {kept} && {{ {restart}; }} {_QUIET}"))
