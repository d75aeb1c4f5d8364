"""The configuration files of the Osmocom programs, and the C shim of an MSC on a kernel without SCTP."""

from __future__ import annotations

from collections.abc import Sequence

from eventready_lab.real.province.layout import BaseStation

_LOG = "log stderr\n logging color 0\n logging level set-all error\n"
_VTY = "line vty\n no login\n bind 127.0.0.1\n"
_CODES = "network\n network country code 452\n mobile network code 99\n"

STP = f"""{_LOG}{_VTY}cs7 instance 0
 xua rkm routing-key-allocation dynamic-permitted
 listen m3ua 2905 tcp
  accept-asp-connections dynamic-permitted
  local-ip 127.0.0.1
"""

HLR = f"""{_LOG}{_VTY}ctrl
 bind 127.0.0.1
hlr
 gsup
  bind ip 127.0.0.1
"""

MGW = f"""{_LOG}{_VTY}mgcp
 bind ip 127.0.0.1
 bind port 2427
 rtp bind-ip 127.0.0.1
 rtp port-range 4002 16001
 number endpoints 64
"""


def _signalling(name: str, point: str, key: str) -> str:
    """SS7 over TCP, for kernels without SCTP."""
    return f"""cs7 instance 0
 point-code {point}
 asp {name} 2905 0 m3ua tcp
  remote-ip 127.0.0.1
  local-ip 127.0.0.1
  role asp
  transport-role client
 as as-{name} m3ua
  asp {name}
  routing-key {key} {point}
"""


MSC = f"""{_LOG}{_VTY}{_signalling("to-msc", "0.23.1", "1")}{_CODES}msc
 mgw remote-ip 127.0.0.1
 mgw local-port 2728
"""

_BTS = """ bts {number}
  type osmo-bts
  description {name}
  band DCS1800
  cell_identity {unit}
  location_area_code 1
  base_station_id_code {code}
  ms max power 15
  cell reselection hysteresis 4
  rxlev access min 0
  radio-link-timeout 32
  rach tx integer 9
  rach max transmission 7
  ipa unit-id {unit} 0
  oml ipa stream-id 255 line 0
  codec-support fr hr
  gprs mode none
  trx 0
   rf_locked 0
   arfcn {channel}
   nominal power 23
   max_power_red 0
   rsl e1 tei 0
   timeslot 0
    phys_chan_config CCCH+SDCCH4
   timeslot 1
    phys_chan_config SDCCH8
"""
_TRAFFIC = "".join(f"   timeslot {slot}\n    phys_chan_config TCH/F\n" for slot in range(2, 8))


def unit(station: BaseStation) -> int:
    """The unit id of a base station."""
    return 1000 + station.bts


def bsc(stations: Sequence[BaseStation]) -> str:
    """The controller's configuration."""
    sites = "".join(
        _BTS.format(
            number=station.bts, name=station.name, unit=unit(station), code=station.bts % 64, channel=station.channel
        )
        + _TRAFFIC
        for station in stations
    )
    return (
        f"{_LOG}{_VTY}e1_input\n e1_line 0 driver ipa\n ipa bind 127.0.0.1\n"
        f"{_signalling('to-bsc', '0.23.3', '3')}{_CODES} encryption a5 0\n neci 1\n paging any use tch 0\n{sites}"
        "msc 0\n allow-emergency deny\n mgw remote-ip 127.0.0.1\nbsc\n mid-call-timeout 0\n"
    )


def virtual_bts(station: BaseStation) -> str:
    """Return the configuration of a base station without a radio, with multicast on loopback as air interface."""
    own = f"127.0.1.{station.bts + 1}"
    return f"""{_LOG}line vty
 no login
 bind {own} 4241
ctrl
 bind {own} 4238
e1_input
 e1_line 0 driver ipa
phy 0
 virtual-um net-device lo
 instance 0
bts 0
 band DCS1800
 ipa unit-id {unit(station)} 0
 oml remote-ip 127.0.0.1
 trx 0
  phy 0 instance 0
"""


#: osmo-msc requires an SCTP listener (SGs); without SCTP in the kernel this LD_PRELOAD shim opens TCP sockets instead.
NO_SCTP = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

int socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
	return real(domain, type, protocol == IPPROTO_SCTP ? IPPROTO_TCP : protocol);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	int (*real)(int, int, int, const void *, socklen_t) =
		(int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
	return level == IPPROTO_SCTP ? 0 : real(fd, level, name, value, size);
}

int sctp_bindx(int fd, struct sockaddr *address, int count, int flags)
{
	(void)count;
	(void)flags;
	return bind(fd, address,
		address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
}
"""
