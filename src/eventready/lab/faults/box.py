"""The box itself: power, fans, load, clock, log, configuration."""

from __future__ import annotations

from eventready.lab.fault import On, fault

_ROUTER = ("router",)
_PORTS = ("router", "wifi_controller")


@fault("psu-failed", roles=_ROUTER)
def psu_failed(on: On, number: int = 2) -> None:
    """A power supply stops."""
    if not 1 <= number <= len(on.state.psus):
        raise on.refuse(f"power supply {number}", [str(n + 1) for n in range(len(on.state.psus))])
    on.state.psus[number - 1] = False


@fault("fan-failed", roles=_ROUTER)
def fan_failed(on: On, number: int = 1) -> None:
    """A fan stops."""
    if not 1 <= number <= len(on.state.fans):
        raise on.refuse(f"fan {number}", [str(n + 1) for n in range(len(on.state.fans))])
    on.state.fans[number - 1] = False


@fault("high-cpu", roles=_PORTS)
def high_cpu(on: On, percent: int = 93) -> None:
    """The processor is nearly always busy."""
    on.state.cpu_percent = percent


@fault("high-memory", roles=_PORTS)
def high_memory(on: On, percent: int = 94) -> None:
    """The memory is nearly full."""
    on.state.memory_percent = percent


@fault("hot", roles=_ROUTER)
def hot(on: On, celsius: int = 88) -> None:
    """The box is too hot: the cooling of the room has failed."""
    on.state.temperature_c = celsius


@fault("restarted")
def restarted(on: On, seconds_ago: int = 1_800) -> None:
    """The device restarted a short while ago."""
    on.state.uptime_s = seconds_ago


@fault("unsaved-config", roles=(*_PORTS, "bts_controller"))
def unsaved_config(on: On) -> None:
    """Somebody changed the configuration and did not save it."""
    on.state.saved = False


@fault("ntp-lost", roles=_PORTS)
def ntp_lost(on: On) -> None:
    """The clock is no longer synchronised."""
    on.state.ntp_synchronised = False


@fault("syslog-lost", roles=_PORTS)
def syslog_lost(on: On) -> None:
    """No remote host receives the log."""
    on.state.log_hosts.clear()
