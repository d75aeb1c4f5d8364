"""Access points, their channels and associated stations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SSID = "Event-WiFi"
#: No secret: the radios are simulated inside the machine.
PASSPHRASE = "rehearsal-2022"  # noqa: S105  of the simulated network only
#: The pre-shared key of IEEE 802.11; derived here, because 43 derivations take the emulated machine seconds.
KEY = hashlib.pbkdf2_hmac("sha1", PASSPHRASE.encode(), SSID.encode(), 4096, 32).hex()

Band = Literal["2.4", "5"]


@dataclass(frozen=True)
class AccessPoint:
    """A radio served by hostapd, with the name of its interface: at most 15 characters."""

    name: str
    channel: int
    venue: str
    stations: int = 7

    @property
    def band(self) -> Band:
        """The band of the channel."""
        return "2.4" if self.channel <= 13 else "5"

    @property
    def frequency(self) -> int:
        """The centre frequency of the channel in MHz."""
        return 2407 + 5 * self.channel if self.band == "2.4" else 5000 + 5 * self.channel


#: Six access points at two venues with 42 stations; hwsim has at most 100 radios.
AIR = (
    AccessPoint("hall-1", 1, "venue-1"),
    AccessPoint("hall-2", 6, "venue-1"),
    AccessPoint("press", 36, "venue-1"),
    AccessPoint("stage-1", 11, "venue-2"),
    AccessPoint("stage-2", 40, "venue-2"),
    AccessPoint("gate", 44, "venue-2"),
)


def radio_address(number: int) -> str:
    """Return the hardware address of the mac80211_hwsim radio with this number."""
    return f"02:00:00:{number >> 8:02x}:{number & 0xFF:02x}:00"


def hostapd_configuration(ap: AccessPoint) -> str:
    """hostapd.conf of an access point."""
    mode = "g" if ap.band == "2.4" else "a"
    return f"""interface={ap.name}
driver=nl80211
ctrl_interface=/run/hostapd
ctrl_interface_group=netdev
ssid={SSID}
country_code=VN
hw_mode={mode}
channel={ap.channel}
ieee80211n=1
wmm_enabled=1
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_psk={KEY}
max_num_sta=200
"""


def station_configuration(number: int, air: Sequence[AccessPoint]) -> str:
    """wpa_supplicant.conf of a station at home at access point `number`: network 0 is this access point, network 1,
    disabled at first, any access point of the air.

    The frequencies limit the scan: a scan of all channels takes 20 s.
    """
    home = [f"bssid={radio_address(number)}"]
    return "ctrl_interface=/run/wpa\n" + _network([air[number]], home) + _network(air, ["disabled=1"])


def _network(air: Sequence[AccessPoint], more: Sequence[str]) -> str:
    frequencies = " ".join(str(ap.frequency) for ap in air)
    scan = (f"scan_freq={frequencies}", f"freq_list={frequencies}")
    return "\n ".join(("network={", f'ssid="{SSID}"', f"psk={KEY}", "key_mgmt=WPA-PSK", *scan, *more)) + "\n}\n"
