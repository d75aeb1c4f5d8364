"""Faults of the chassis and the system: power, fans, load, clock, log, configuration."""

from __future__ import annotations

from eventready_lab.faults.simulated.target import FaultTarget, fault

_ROUTER = ("router",)
_HOSTS = ("router", "wifi_controller", "service_host")
_CONFIGURED = ("router", "wifi_controller", "bts_controller")


@fault("psu-failed", roles=_ROUTER)
def psu_failed(target: FaultTarget, number: int = 2) -> None:
    """A power supply fails."""
    if not 1 <= number <= len(target.state.psus):
        raise target.unknown("power_supply", str(number), [str(n + 1) for n in range(len(target.state.psus))])
    target.state.psus[number - 1] = False


@fault("fan-failed", roles=_ROUTER)
def fan_failed(target: FaultTarget, number: int = 1) -> None:
    """A fan fails."""
    if not 1 <= number <= len(target.state.fans):
        raise target.unknown("fan", str(number), [str(n + 1) for n in range(len(target.state.fans))])
    target.state.fans[number - 1] = False


@fault("high-cpu", roles=_HOSTS)
def high_cpu(target: FaultTarget, percent: int = 93) -> None:
    """The processor load is high."""
    target.state.cpu_percent = percent


@fault("high-memory", roles=_HOSTS)
def high_memory(target: FaultTarget, percent: int = 94) -> None:
    """The memory use is high."""
    target.state.memory_percent = percent


@fault("hot", roles=_ROUTER)
def hot(target: FaultTarget, celsius: int = 88) -> None:
    """The inlet temperature is too high, as after a failure of the room's cooling."""
    target.state.temperature_c = celsius


@fault("restarted")
def restarted(target: FaultTarget, seconds_ago: int = 1_800) -> None:
    """The device has restarted recently."""
    target.state.uptime_s = seconds_ago


@fault("unsaved-config", roles=_CONFIGURED)
def unsaved_config(target: FaultTarget) -> None:
    """The running configuration differs from the saved configuration."""
    target.state.saved = False


@fault("ntp-lost", roles=_HOSTS)
def ntp_lost(target: FaultTarget) -> None:
    """The clock is no longer synchronised."""
    target.state.ntp_synchronised = False


@fault("syslog-lost", roles=_HOSTS)
def syslog_lost(target: FaultTarget) -> None:
    """No remote host receives the log."""
    target.state.log_hosts.clear()
