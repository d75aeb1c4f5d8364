"""The configuration lines of OsmoBSC 1.13 in network and bts, in print order."""

from __future__ import annotations

import re

#: The handover settings in print order, with their values and defaults.
HANDOVER = {
    r"handover": ("[01]", "0"),
    r"handover algorithm": ("[12]", "1"),
    r"handover1 window rxlev averaging": (r"[1-9]|10", "10"),
    r"handover1 window rxqual averaging": (r"[1-9]|10", "1"),
    r"handover1 window rxlev neighbor averaging": (r"[1-9]|10", "10"),
    r"handover1 power budget interval": (r"[1-9]\d?", "6"),
    r"handover1 power budget hysteresis": (r"\d{1,3}", "3"),
    r"handover1 maximum distance": (r"\d{1,4}", "9999"),
    r"handover2 window rxlev averaging": (r"[1-9]|10", "10"),
    r"handover2 window rxqual averaging": (r"[1-9]|10", "1"),
    r"handover2 window rxlev neighbor averaging": (r"[1-9]|10", "10"),
    r"handover2 power budget interval": (r"[1-9]\d?", "6"),
    r"handover2 power budget hysteresis": (r"\d{1,3}", "3"),
    r"handover2 maximum distance": (r"\d{1,4}", "9999"),
    r"handover2 assignment": ("[01]", "0"),
    r"handover2 tdma-measurement": ("auto|full|subset", "auto"),
    r"handover2 min rxlev": (r"-(?:[5-9]\d|10\d|110)", "-100"),
    r"handover2 min rxqual": ("[0-7]", "5"),
    r"handover2 afs-bias rxlev": (r"1?\d|20", "0"),
    r"handover2 afs-bias rxqual": ("[0-7]", "0"),
    r"handover2 min-free-slots tch/f": (r"\d{1,4}", "0"),
    r"handover2 min-free-slots tch/h": (r"\d{1,4}", "0"),
    r"handover2 max-handovers": (r"[1-9]\d{0,3}", "9999"),
    r"handover2 penalty-time max-distance": (r"\d{1,5}", "300"),
    r"handover2 penalty-time failed-ho": (r"\d{1,5}", "60"),
    r"handover2 penalty-time failed-assignment": (r"\d{1,5}", "60"),
    r"handover2 penalty-time low-rxqual-assignment": (r"\d{1,5}", "60"),
    r"handover2 penalty-time low-rxqual-ho": (r"\d{1,5}", "60"),
    r"handover2 retries": (r"\d", "0"),
}
_HANDOVER_LINES = tuple(f"{name} (?:{values}|default)$" for name, (values, _) in HANDOVER.items())
_HANDOVER_ORDER = tuple(f"{name} (?:{values})$" for name, (values, _) in HANDOVER.items())

NET = (
    r"network country code \d{1,3}$", r"mobile network code \d{1,3}$", r"encryption a5 [0-4](?: [0-4])*$",
    r"neci [01]$", r"paging any use tch [01]$", *_HANDOVER_LINES,
    r"handover2 congestion-check (?:disabled|[1-9]\d{0,2}|now)$", r"dyn_ts_allow_tch_f [01]$", r"timer ", r"timezone ",
    r"periodic location update \d+$", r"meas-feed ",
)  # fmt: skip

_CODECS = r"codec-support fr(?: (?:hr|efr|amr)){0,3}$"

_AMR = tuple(
    f"amr tch-{rate} {what} "
    for rate in "fh"
    for what in ("modes", "threshold ms", "hysteresis ms", "threshold bts", "hysteresis bts", "start-mode")
)

#: The lines of a bts in print order.
_BTS_LINES = (
    r"type ", r"description \S", r"band \S", r"cell_identity \d{1,5}$", r"location_area_code ", r"dtx uplink",
    r"dtx downlink", r"base_station_id_code (?:[1-5]?\d|6[0-3])$", r"ms max power (?:[1-3]?\d|40)$",
    r"cell reselection hysteresis (?:1[0-4]|\d)$", r"rxlev access min (?:[1-5]?\d|6[0-3])$", r"cell bar qualify [01]$",
    r"cell reselection offset (?:1[01]\d|12[0-6]|[1-9]?\d)$", r"temporary offset (?:[1-5]?\d|60|infinite)$",
    r"penalty time (?:\d{2,3}|reserved)$", r"radio-link-timeout (?:\d{1,2}|oml|infinite)$",
    r"channel allocator mode chan-req ", r"channel allocator mode assignment ",
    r"channel allocator dynamic-param sort-",
    r"channel allocator dynamic-param ul-rxlev ", r"channel allocator dynamic-param c0-",
    r"channel allocator mode handover ",
    r"channel allocator mode vgcs", r"channel allocator avoid-interference ", r"channel allocator tch-signalling",
    r"rach tx integer (?:1[0-5]|\d)$", r"rach max transmission [1247]$", r"rach max-delay [1-9]\d{0,2}$",
    r"rach expiry-timeout \d{1,2}$", r"channel-description attach [01]$", r"channel-description bs-pa-mfrms [2-9]$",
    r"channel-description bs-ag-blks-res [0-7]$", r"(?:no )?nch-position", r"rach nm busy threshold \d{1,3}$",
    r"rach nm load average \d{1,5}$", r"cell barred [01]$", r"rach emergency call allowed [01]$",
    r"rach call-reestablishment allowed [01]$", r"rach access-control-class (?:\d|1[1-5]) (?:barred|allowed)$",
    r"access-control-class-rotate (?:\d|10)$", r"access-control-class-rotate-quantum [1-9]\d{0,4}$",
    r"(?:no )?access-control-class-ramping$",
    r"access-control-class-ramping-step-interval (?:[5-9]|[1-9]\d|[1-5]\d\d|600|dynamic)$",
    r"access-control-class-ramping-step-size (?:[1-9]|10)$",
    r"access-control-class-ramping-chan-load (?:100|\d{1,2}) (?:100|\d{1,2})$", r"early-classmark-sending ",
    r"early-classmark-sending-3g ", r"ipa unit-id ", r"oml ", r"neighbor-list ", r"neighbor ", _CODECS, *_AMR,
    r"gprs ", *_HANDOVER_ORDER, r"bs-power-control", r"ms-power-control", r"trx \d+",
)  # fmt: skip

_ALLOCATOR = (
    r"channel allocator (?:mode (?:set-all|chan-req|assignment|handover|vgcs-vbs) )?(?:ascending|descending)$",
    r"channel allocator mode assignment dynamic$", r"channel allocator dynamic-param sort-by-trx-power [01]$",
    r"channel allocator dynamic-param ul-rxlev thresh (?:[1-5]?\d|6[0-3]) avg-num (?:[1-9]|10)$",
    r"channel allocator dynamic-param c0-chan-load thresh (?:100|[1-9]?\d)$",
    r"channel allocator avoid-interference [01]$",
    r"channel allocator tch-signalling-policy (?:never|emergency|voice|always)$",
)  # fmt: skip
BTS = (
    *(line for line in _BTS_LINES if not line.startswith(("channel allocator", "(?:no )?", *_HANDOVER_ORDER))),
    *_ALLOCATOR, *_HANDOVER_LINES, r"description$", r"nch-position", r"access-control-class-ramping$",
)  # fmt: skip

#: Lines with a negation, by mode.
NEGATED = {
    "config": (r"log ", r"enable password", r"cs7 "),
    "net": (r"mgw \d+$", r"timezone$", r"periodic location update$"),
    "bts": (
        r"description$",
        r"nch-position$",
        r"access-control-class-ramping$",
        r"dtx (?:up|down)link$",
        r"neighbors$",
    ),
    "line": (r"login$",),
    "log": (r"logging ",),
}

#: Lines that replace an earlier one.
SINGLE = (
    *(re.escape(name) + r" (?=[\d-]|auto|full|subset)" for name in HANDOVER), r"handover2 congestion-check",
    r"network country code", r"mobile network code", r"encryption a5", r"neci", r"paging any use tch", r"timezone",
    r"type", r"description", r"band", r"cell_identity", r"location_area_code", r"base_station_id_code",
    r"ms max power", r"cell reselection hysteresis", r"rxlev access min", r"cell bar qualify",
    r"cell reselection offset", r"temporary offset", r"penalty time", r"radio-link-timeout",
    r"channel allocator mode \S+", r"channel allocator dynamic-param sort-by-trx-power",
    r"channel allocator dynamic-param ul-rxlev", r"channel allocator dynamic-param c0-chan-load",
    r"channel allocator avoid-interference", r"channel allocator tch-signalling-policy", r"rach tx integer",
    r"rach max transmission", r"rach max-delay", r"rach expiry-timeout", r"rach nm busy threshold",
    r"rach nm load average", r"cell barred", r"rach emergency call allowed", r"rach call-reestablishment allowed",
    r"rach access-control-class \d+", r"access-control-class-rotate ", r"access-control-class-rotate-quantum",
    r"channel-description \S+", r"codec-support", r"amr tch-[fh] modes", r"ipa unit-id", r"gprs mode",
    r"neighbor-list mode", r"dtx \w+", r"rf_locked", r"arfcn", r"nominal power", r"max_power_red",
    r"phys_chan_config", r"hopping enabled", r"training_sequence_code", r"mode", r"ctrl-interval",
    r"allow-emergency", r"amr-config \S+", r"amr-payload", r"asp-protocol", r"codec-list", r"mid-call-timeout",
)  # fmt: skip

#: Defaults, which are not printed.
DEFAULTS = (
    r"cell barred 0", r"cell bar qualify 0", r"cell reselection offset 0", r"temporary offset 0",
    r"penalty time 20",
    r"channel allocator avoid-interference 0", r"channel allocator tch-signalling-policy always",
    r"rach emergency call allowed 0", r"rach call-reestablishment allowed 0",
    r"rach access-control-class \d+ allowed", r"access-control-class-rotate 10",
    r"access-control-class-rotate-quantum 20", r"handover2 congestion-check 10", r"dyn_ts_allow_tch_f 1",
)  # fmt: skip

ORDER = {
    "net": (
        r"network country code ", r"mobile network code ", r"encryption ", r"neci ", r"paging ", *_HANDOVER_ORDER,
        r"handover2 congestion-check ", r"dyn_ts_allow_tch_f ", r"timezone ", r"periodic ", r"timer ",
        r"meas-feed ", r"mgw ", r"bts \d",
    ),
    "bts": _BTS_LINES,
}  # fmt: skip
