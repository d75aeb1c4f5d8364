"""What is on the air: access points, their channels, and the stations that hold to each of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

SSID = "Event-WiFi"
#: No secret: the radios are simulated, and nobody outside the machine can hear them.
PASSPHRASE = "rehearsal-2022"  # noqa: S105
#: The key that IEEE 802.11 derives of the two; 43 derivations would take the emulated machine seconds.
KEY = hashlib.pbkdf2_hmac("sha1", PASSPHRASE.encode(), SSID.encode(), 4096, 32).hex()

Band = Literal["2.4", "5"]


@dataclass(frozen=True)
class AccessPoint:
    """A radio that hostapd serves. Its name is that of the interface: 15 characters at most."""

    name: str
    channel: int
    venue: str
    stations: int = 7

    @property
    def band(self) -> Band:
        """Told by the channel."""
        return "2.4" if self.channel <= 13 else "5"

    @property
    def frequency(self) -> int:
        """The middle of the channel in MHz."""
        return 2407 + 5 * self.channel if self.band == "2.4" else 5000 + 5 * self.channel


#: Six access points at two venues, 42 stations: more than a rehearsal needs, less than hwsim's hundred radios.
AIR = (
    AccessPoint("hn-hall-1", 1, "hoi-nghi"),
    AccessPoint("hn-hall-2", 6, "hoi-nghi"),
    AccessPoint("hn-press", 36, "hoi-nghi"),
    AccessPoint("vh-hall-1", 11, "van-hoa"),
    AccessPoint("vh-hall-2", 40, "van-hoa"),
    AccessPoint("vh-gate", 44, "van-hoa"),
)


def radio_address(number: int) -> str:
    """The hardware address that mac80211_hwsim gives its radio of that number."""
    return f"02:00:00:{number >> 8:02x}:{number & 0xFF:02x}:00"


def hostapd_configuration(ap: AccessPoint) -> str:
    """hostapd.conf of one access point."""
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


def station_configuration(number: int, ap: AccessPoint) -> str:
    """wpa_supplicant.conf of a station that holds to the access point whose radio has that number.

    Without the frequencies a station scans every channel of every band, and takes 20 s to find its network.
    """
    return f"""ctrl_interface=/run/wpa
network={{
 ssid="{SSID}"
 psk={KEY}
 key_mgmt=WPA-PSK
 bssid={radio_address(number)}
 scan_freq={ap.frequency}
 freq_list={ap.frequency}
}}
"""
