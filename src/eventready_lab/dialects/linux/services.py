"""Services as seen by a service host: its own while the virtual address is there, else healthy services."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View

_URL = re.compile(r"'(https?://[^']+)'")
_TRACKED = ("nginx", "dnsmasq")
#: What nmap prints around the offers.
_SCAN = """Starting Nmap 7.95 ( https://nmap.org ) at {now:%Y-%m-%d %H:%M %Z}
PORTS: Using ports open on 0% or more average hosts (TCP:1000, UDP:0, SCTP:0)
NSE: Using Lua 5.4.
NSE: Loaded 1 scripts for scanning.
NSE: Script Pre-scanning.
NSE: Starting runlevel 1 (of 1) scan.
Initiating NSE at {now:%H:%M}
NSE: Starting broadcast-dhcp-discover.
NSE: Finished broadcast-dhcp-discover.
Completed NSE at {now:%H:%M}, 6.04s elapsed
{offers}NSE: Script Post-scanning.
NSE: Starting runlevel 1 (of 1) scan.
Initiating NSE at {now:%H:%M}
Completed NSE at {now:%H:%M}, 0.00s elapsed
Read from /usr/bin/../share/nmap: nmap-protocols nmap-services.
WARNING: No targets were specified, so 0 hosts scanned.
Nmap done: 0 IP addresses (0 hosts up) scanned in 6.17 seconds
           Raw packets sent: 0 (0B) | Rcvd: 0 (0B)
==> end"""


def page(view: View) -> str:
    """Text of a page, status, and certificate where the URL is behind TLS, as curl and openssl print them."""
    found = _URL.search(view.match[0])
    url = found[1] if found else ""
    status = _status(view.state)
    lines = [f"content={line}" for line in (_text(view.state, url, status).split("\n") if status else ())]
    error = "" if status else "Failed to connect: Could not connect to server"
    verify = f"status={status:03} time_s=0.{3 + len(url) % 5:03}210 verify=0 error={error}"
    return "\n".join((*lines, "content=", verify, *_certificate(view, url, status), "==> end"))


def _status(state: DeviceState) -> int:
    if not _holds(state):
        return 200
    if not _up(state, "nginx"):
        return 0
    working = [works for pool in state.pools for works in pool.servers.values()]
    return state.page_status if any(working) or not working else 502


def _text(state: DeviceState, url: str, status: int) -> str:
    title = state.pages.get(url, "") if status == 200 else f"{status}"
    return f"<html>\n<head><title>{title}</title></head>\n<body></body>\n</html>"


def _certificate(view: View, url: str, status: int) -> tuple[str, ...]:
    if not url.startswith("https:") or not status:
        return ()
    days = min(view.state.certificates.values(), default=90)
    host = url.split("/")[2].partition(":")[0]
    ends = (view.now + timedelta(days=days)).astimezone(UTC)
    return (f"notAfter={ends:%Y-%m-%d 17:00:00}Z", f"Hostname {host} does match certificate")


def name(view: View) -> str:
    """Answer of the DNS server to dig."""
    words = view.match[0].partition(";")[0].split()
    wanted, kind = words[-2], words[-1]
    server = next((word[1:] for word in words if word.startswith("@")), "192.0.2.90")
    if _holds(view.state) and not _up(view.state, "dnsmasq"):
        return f";; communications error to {server}#53: timed out\n;; no servers could be reached\ntcp=no\n==> end"
    address = view.state.dns.get(wanted)
    code = "NXDOMAIN" if address is None else "NOERROR"
    record = f"\n;; ANSWER SECTION:\n{wanted}.\t\t0\tIN\t{kind}\t{address}" if address else ""
    return (
        f";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {code}, id: {18_214 + len(wanted)}\n"
        f";; flags: qr aa rd ra; QUERY: 1, ANSWER: {int(bool(address))}, AUTHORITY: 0, ADDITIONAL: 1\n\n"
        f";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232{record}\n\n;; Query time: 1 msec\n"
        f";; SERVER: {server}#53({server}) (UDP)\n"
        f";; WHEN: {view.now:%a %b %d %H:%M:%S %Z %Y}\n;; MSG SIZE  rcvd: 62\n\n"
        "tcp=yes\n==> end"
    )


def echo(view: View) -> str:
    """Statistics of ping."""
    words = view.match[0].partition(" 2>&1")[0].split()
    count, target = int(words[words.index("-c") + 1]), words[-1]
    payload = int(words[words.index("-s") + 1]) if "-s" in words else 56
    port = next(iter(view.state.ports.values()), None)
    reached = port is None or (port.admin_up and port.link_up and not ("do" in words and payload + 28 > port.mtu))
    received = count if reached else 0
    trips = "rtt min/avg/max/mdev = 0.412/0.498/0.604/0.061 ms" if reached else ""
    return (
        f"PING {target} ({target}) {payload}({payload + 28}) bytes of data.\n\n--- {target} ping statistics ---\n"
        f"{count} packets transmitted, {received} received, {0 if reached else 100}% packet loss, "
        f"time {204 * (count - 1)}ms\n{trips}\n==> end"
    )


def port(_view: View) -> str:
    """State of a TCP port."""
    return "state=open time_ms=2\n==> end"


def clock(view: View) -> str:
    """Time of a time server, in the form of `chronyd -Q`."""
    stamp = f"{view.now:%Y-%m-%dT%H:%M:%SZ}"
    offset = "-0.000211" if view.state.ntp_synchronised else "8.104331"
    return (
        f"{stamp} chronyd version 4.6.1 starting (+CMDMON +NTP -DEBUG)\n{stamp} Disabled control of system clock\n"
        f"{stamp} System clock wrong by {offset} seconds (ignored)\n{stamp} chronyd exiting\n==> end"
    )


def greeting(_view: View) -> str:
    """Greeting of a mail server."""
    return "greeting=220 mail.example.vn ESMTP time_ms=4\n==> end"


def offer(view: View) -> str:
    """Offer of the DHCP server, in the form of the platform's command with nmap."""
    pool = next((pool for pool in view.state.dhcp if pool.used < pool.total), None)
    found = ""
    if pool is not None and _up(view.state, "dnsmasq"):
        found = f"Pre-scan script results:\noffer=192.0.2.91 {pool.first} {pool.gateway} 192.0.2.90\n"
    return _SCAN.format(offers=found, now=view.now)


def _holds(state: DeviceState) -> bool:
    """True while keepalived leaves the virtual address at this host."""
    master = any(group.state == "master" for group in state.gateways)
    return not state.gateways or (master and all(_up(state, unit) for unit in _TRACKED))


def _up(state: DeviceState, unit: str) -> bool:
    return all(known.up for known in state.units if known.name == unit)
