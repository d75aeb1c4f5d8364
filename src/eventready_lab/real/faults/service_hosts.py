"""Faults of service hosts: an ended daemon."""

from __future__ import annotations

from eventready_lab.faults.errors import no_part
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, fault
from eventready_lab.real.machinery.commands import run

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
