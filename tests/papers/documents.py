"""Run documents to report on: a believable province, in every state that a morning may find it in."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from eventready.core.messages import Bilingual, in_english, message, render, to_json
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA

Document = dict[str, Any]

VENUES = [
    {
        "id": "hoi-nghi",
        "name": "Provincial Conference Centre",
        "name_vi": "Trung tâm Hội nghị tỉnh",
        "services": ["fixed", "internet", "mobile", "wifi"],
    },
    {
        "id": "van-hoa",
        "name": "Provincial Cultural Centre",
        "name_vi": "Trung tâm Văn hóa tỉnh",
        "services": ["fixed", "internet", "mobile", "wifi"],
    },
    {
        "id": "den-tho",
        "name": "Temple of President Hồ Chí Minh",
        "name_vi": "Khu di tích lịch sử Đền thờ Bác Hồ",
        "services": ["fixed", "internet", "mobile"],
    },
]
EVERYWHERE = ["hoi-nghi", "van-hoa", "den-tho"]
DEVICES: list[tuple[str, str, str, list[str]]] = [
    ("core-1", "router", "cisco_xe", EVERYWHERE),
    ("core-2", "router", "cisco_xe", EVERYWHERE),
    ("agg-1", "router", "huawei_vrp", EVERYWHERE),
    ("edge-hn-1", "router", "huawei_vrp", ["hoi-nghi"]),
    ("edge-vh-1", "router", "cisco_xe", ["van-hoa"]),
    ("edge-dt-1", "router", "frr", ["den-tho"]),
    ("bsc-1", "bts_controller", "osmocom_bsc", EVERYWHERE),
    ("enb-dt-1", "bts_controller", "huawei_enb", ["den-tho"]),
    ("wlc-1", "wifi_controller", "cisco_9800", ["hoi-nghi"]),
    ("ac-1", "wifi_controller", "huawei_ac", ["van-hoa"]),
]
HOSTILE = (
    "R&D <x>",
    "</script><script>alert(1)</script>",
    "a" * 300,
    "Tên NFD \u0065\u0302\u0301",
    "\u202eevil\x1b[31m|*_`",
)

UNREAD = message("facts:no_rows")
SILENT = message("session:no_answer", where="192.0.2.41:22", seconds=10)
NO_WORDS = message("facts:no_command", platform="Osmo", fact="temperature")
WAIVER = message(
    "checks:waiver.valid", by="Nguyễn Văn A", until=Bilingual("28/04/2022", "2022-04-28"),
    reason="máy chủ nhật ký lắp ngày 27/4",
)  # fmt: skip


@dataclass
class Scene:
    """A run document being made, with its raw texts."""

    document: Document
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        return Run.sealed(self.document)

    def keep(self, text: str) -> str:
        name = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
        self.texts[name] = text
        return name

    def saw(self, device: str, fact: str, command: str, text: str, status: str = "parsed") -> str:
        name = self.keep(text) if text else ""
        self.document["observations"].append(
            {
                "device": device,
                "fact": fact,
                "reading": 1,
                "status": status,
                "command": command,
                "evidence": name,
                "reason": "",
                "rows": [],
                "unmatched": [],
            }
        )
        return name

    def found(self, device: str, check: str, status: str, message_id: str, *evidence: str, **more: Any) -> None:
        params = {key: more.pop(key) for key in list(more) if key not in _KEYS}
        finding = {
            "check": check,
            "device": device,
            "subject": params.get("subject", ""),
            "status": status,
            "value": params.get("value"),
            "limit": params.get("limit"),
            "unit": "",
            "message": render(message_id, params, "en"),
            "duties": ["1.2a"],
            "evidence": list(evidence),
            "message_id": message_id,
            "params": {name: to_json(value) for name, value in params.items()},
            "venues": [],
            "blind": False,
            "waiver": "",
        }
        self.document["findings"].append({**finding, **more})

    def settle(self, *verdicts: tuple[str, str, str, list[str]]) -> Scene:
        given = {(venue, service): (verdict, because) for venue, service, verdict, because in verdicts}
        self.document["verdicts"] = [
            {
                "venue": venue["id"],
                "service": service,
                "verdict": given.get((str(venue["id"]), service), ("READY", []))[0],
                "because": given.get((str(venue["id"]), service), ("READY", []))[1],
            }
            for venue in VENUES
            for service in venue["services"]
        ]
        measured = sum(o["status"] in ("parsed", "empty") for o in self.document["observations"])
        needed = len(self.document["observations"])
        self.document["coverage"] = {
            "needed": needed,
            "measured": measured,
            "ratio": measured / needed if needed else 0.0,
        }
        return self


_KEYS = {"duties", "venues", "blind", "waiver", "waiver_text", "was"}


def scene(run_id: str = "20220425-070000-a3f2", moment: str = "2022-04-25T07:00:00+07:00") -> Scene:
    """An empty run of the example's event."""
    return Scene(
        {
            "schema": SCHEMA,
            "id": run_id,
            "event": "tra-vinh-30",
            "started": "2026-11-25T01:12:03.123+00:00",
            "finished": "2026-11-25T01:12:21.456+00:00",
            "tool": "eventready 0.1.0",
            "previous": None,
            "clock": {"event": moment, "rehearsal": True},
            "event_info": {
                "name": "30th anniversary of the re-establishment of Trà Vinh province",
                "name_vi": "Lễ kỷ niệm 30 năm tái lập tỉnh Trà Vinh (5/1992 - 5/2022)",
                "venues": VENUES,
                "duties": [
                    {
                        "id": "1.2a",
                        "vi": "Tổ chức rà soát, kiểm tra đo thử, bảo dưỡng các hệ thống thiết bị, đường truyền",
                        "en": "Review, inspect, test and maintain equipment and transmission lines",
                    },
                    {
                        "id": "1.2c",
                        "vi": "Xây dựng các phương án tối ưu dự phòng phân tải",
                        "en": "Plans for optimisation, redundancy and load sharing",
                    },
                    {
                        "id": "1.2g",
                        "vi": "đặc biệt tăng cường thêm các trạm BTS lưu động tại các địa điểm",
                        "en": "Add mobile BTS stations at the venues",
                    },
                    {
                        "id": "1.3a",
                        "vi": "Kiểm tra, rà soát tình trạng hoạt động các điểm thu, phát sóng Wifi",
                        "en": "Check the WiFi points at the Provincial Conference Centre",
                    },
                    {"id": "4.a", "vi": "Báo cáo kết quả vào sáng thứ Hai hàng tuần", "en": "Weekly report"},
                ],
            },
            "state": "finished",
            "devices": [
                {"name": name, "role": role, "platform": platform, "venues": venues, "reachable": True, "reason": ""}
                for name, role, platform, venues in DEVICES
            ],
            "observations": [],
            "findings": [],
            "verdicts": [],
        }
    )


def _port_table(device: str, down: str = "") -> str:
    lines = ["Interface              IP-Address      OK? Method Status                Protocol"]
    for slot in range(4):
        for port in range(12):
            name = f"TenGigabitEthernet0/{slot}/{port}"
            state = "down" if name == down else "up"
            lines.append(f"{name:<22} 10.{slot}.{port}.1       YES NVRAM  {state:<21} {state}")
    return f"{device}#show ip interface brief\n" + "\n".join(lines)


def _routine(made: Scene, skip: frozenset[str] = frozenset()) -> None:
    """What passes on a good morning."""
    for name, role, _, venues in DEVICES:
        if name in skip:
            continue
        cpu = made.saw(name, "cpu", "show processes cpu", "CPU utilization for five seconds: 12%; five minutes: 11%")
        made.found(
            name,
            "cpu",
            "pass",
            "checks:cpu.load",
            cpu,
            subject="CPU",
            value=11.5,
            limit=70,
        )
        if role == "router":
            ports = made.saw(name, "interface", "show ip interface brief", _port_table(name))
            for port in range(4):
                made.found(name, "uplink", "pass", "checks:subject.up", ports, subject=f"TenGigabitEthernet0/0/{port}")
            made.found(name, "ntp", "pass", "checks:clock.synchronised", subject="clock")
        if role == "wifi_controller":
            table = made.saw(name, "access_point", "show ap summary", "AP Name  State\n" + "AP-1  Registered\n" * 16)
            for number in range(1, 17):
                made.found(
                    name,
                    "access_point",
                    "pass",
                    "checks:access_point.joined",
                    table,
                    subject=f"AP-{name}-{number:02d}",
                    duties=["1.3a"],
                    venues=venues[:1],
                )


def healthy(run_id: str = "20220425-070000-a3f2") -> Scene:
    """All is well."""
    made = scene(run_id)
    _routine(made)
    return made.settle()


def broken(run_id: str = "20220425-070000-a3f2") -> Scene:
    """A morning with work to do: failures, warnings, a silent device, a blind spot, a waiver."""
    made = scene(run_id)
    _routine(made, skip=frozenset({"edge-dt-1"}))
    ports = made.saw("core-1", "interface", "show interfaces", _port_table("core-1", down="TenGigabitEthernet0/1/1"))
    made.found("core-1", "uplink", "fail", "checks:subject.down", ports, subject="TenGigabitEthernet0/1/1")
    ospf = made.saw(
        "core-1",
        "ospf_neighbour",
        "show ip ospf neighbor",
        "Neighbor ID     Pri   State           Dead Time   Address         Interface\n"
        "10.255.0.2        1   FULL/DR         00:00:37    10.0.0.2        Port-channel1\n"
        "10.255.0.41       1   INIT/DROTHER    00:00:31    10.0.0.22       TenGigabitEthernet0/1/2",
    )
    made.found(
        "core-1",
        "ospf",
        "fail",
        "checks:routing.not_up",
        ospf,
        subject="10.255.0.41 TenGigabitEthernet0/1/2",
        protocol="OSPF",
        state="INIT/DROTHER",
    )
    made.found(
        "edge-hn-1",
        "vrrp_pair",
        "fail",
        "checks:gateway.several_masters",
        subject="vrrp Vlanif10 10",
        count=2,
        masters="edge-hn-1, edge-hn-2",
        duties=["1.2c"],
    )
    psu = made.saw("edge-vh-1", "power", "show environment", " P0   PEM Iout   Normal\n P1   PEM   Failed")
    made.found(
        "edge-vh-1",
        "power",
        "warn",
        "checks:board.parts_broken",
        psu,
        subject="Power Supply 1",
        state="failed",
        broken=1,
        count=2,
    )
    made.found(
        "edge-vh-1",
        "optic",
        "warn",
        "checks:optic.alarm",
        subject="TenGigabitEthernet0/0/0",
        value=-16.8,
        limit=-18.0,
    )
    sites = made.saw("bsc-1", "site", "show bts", "BTS 4 is of osmo-bts type, has CI 0\n  OML Link: disconnected")
    made.found(
        "bsc-1",
        "mobile_bts",
        "fail",
        "checks:mobile.link",
        sites,
        subject="BTS-LD-02",
        state="down",
        venues=["den-tho"],
        duties=["1.2g"],
    )
    aps = made.saw(
        "wlc-1", "access_point", "show ap summary", "\n".join(f"AP-HN-{n:02d}  C9130  Registered" for n in range(1, 47))
    )
    for number in (7, 12, 13, 14, 15, 16, 17, 18, 31):
        made.found(
            "wlc-1",
            "access_point",
            "fail" if number == 7 else "warn",
            "checks:access_point.critical_not_joined" if number == 7 else "checks:access_point.not_joined",
            aps,
            subject=f"AP-HN-{number:02d}",
            venues=["hoi-nghi"],
            duties=["1.3a"],
        )
    made.saw("ac-1", "radio_load", "display ap statistics", "%%unknown words%%\n", status="unparsed")
    for check in ("radio_clients", "radio_utilisation", "radio_noise"):
        made.found(
            "ac-1",
            check,
            "not_measured",
            "checks:run.unparsed",
            reason=UNREAD,
            duties=["1.3a"],
        )
    for index, entry in enumerate(made.document["devices"]):
        if entry["name"] == "edge-dt-1":
            made.document["devices"][index] = {
                **entry,
                "reachable": False,
                "reason": SILENT.render("en"),
                "reason_message": to_json(SILENT),
            }
            for check in ("cpu", "uplink", "ospf", "vrrp", "default_route", "ntp"):
                made.saw("edge-dt-1", check, "", "", status="unreachable")
                made.found(
                    "edge-dt-1",
                    check,
                    "not_measured",
                    "checks:run.unreachable",
                    reason=SILENT,
                )
    for device in ("bsc-1", "enb-dt-1"):
        made.found(
            device,
            "temperature",
            "not_measured",
            "checks:run.unsupported_platform",
            reason=NO_WORDS,
            blind=True,
        )
    made.found(
        "agg-1",
        "syslog",
        "waived",
        "checks:log.no_host",
        subject="log",
        was="warn",
        waiver=in_english(WAIVER),
        waiver_text=to_json(WAIVER),
    )
    return made.settle(
        (
            "hoi-nghi",
            "fixed",
            "NOT_READY",
            ["core-1 uplink TenGigabitEthernet0/1/1", "edge-hn-1 vrrp_pair vrrp Vlanif10 10"],
        ),
        ("hoi-nghi", "internet", "NOT_READY", ["core-1 uplink TenGigabitEthernet0/1/1"]),
        ("hoi-nghi", "mobile", "NOT_READY", ["core-1 uplink TenGigabitEthernet0/1/1"]),
        ("hoi-nghi", "wifi", "NOT_READY", [f"wlc-1 access_point AP-HN-{n:02d}" for n in (7, 12, 13)]),
        ("van-hoa", "fixed", "READY_WITH_RISK", ["edge-vh-1 power Power Supply 1"]),
        ("van-hoa", "internet", "READY_WITH_RISK", ["edge-vh-1 power Power Supply 1"]),
        ("van-hoa", "wifi", "NOT_MEASURED", ["ac-1 (3)"]),
        ("den-tho", "fixed", "NOT_MEASURED", ["edge-dt-1 (6)"]),
        ("den-tho", "internet", "NOT_MEASURED", ["edge-dt-1 (6)"]),
        ("den-tho", "mobile", "NOT_READY", ["bsc-1 mobile_bts BTS-LD-02", "edge-dt-1 (6)"]),
    )


def hostile() -> Scene:
    """Names and texts that try to break out of whatever they are put into."""
    made = scene()
    for number, evil in enumerate(HOSTILE):
        made.document["devices"].append(
            {
                "name": evil,
                "role": evil,
                "platform": evil,
                "venues": [evil],
                "reachable": number % 2 == 0,
                "reason": evil,
            }
        )
        raw = made.saw(evil, evil, evil, "\n".join([evil] * 60), status="parsed")
        made.found(evil, evil, "fail", "checks:subject.down", raw, subject=evil, waiver=evil, duties=[evil])
        made.found(evil, evil, "not_measured", "checks:run.unparsed", raw, reason=evil)
        made.found(evil, "cpu", "waived", "checks:subject.up", raw, subject=evil, waiver=evil)
        made.found(evil, "cpu", "pass", "checks:subject.up", raw, subject=evil)
    made.document["event_info"]["name_vi"] = HOSTILE[1]
    made.document["tool"] = HOSTILE[0]
    return made.settle(("hoi-nghi", "wifi", "NOT_READY", [HOSTILE[1]]))


def fleet(devices: int = 500, findings: int = 10_000) -> Scene:
    """A big network on a bad day: a fifth of the findings are not good."""
    made = scene()
    chance = random.Random(7)
    made.document["devices"] = []
    for number in range(devices):
        name = f"edge-{number:03d}"
        venue = EVERYWHERE[number % 3]
        made.document["devices"].append(
            {"name": name, "role": "router", "platform": "cisco_xe", "venues": [venue], "reachable": True, "reason": ""}
        )
        raws = [made.saw(name, fact, f"show {fact}", _port_table(name)) for fact in ("interface", "optic", "ospf")]
        for port in range(findings // devices):
            status = chance.choices(("pass", "warn", "fail", "not_measured"), (80, 10, 7, 3))[0]
            made.found(
                name,
                ("uplink", "optic", "ospf")[port % 3],
                status,
                "checks:subject.down" if status != "pass" else "checks:subject.up",
                raws[port % 3],
                subject=f"TenGigabitEthernet0/{port // 12}/{port % 12}",
            )
    return made.settle(*((str(v["id"]), "fixed", "NOT_READY", []) for v in VENUES))


def history() -> Iterator[Scene]:
    """A week of mornings on which things become better, the last one being `broken`."""
    full = broken()
    for day in range(7):
        made = scene(f"202204{18 + day:02d}-070000-{day:04x}", f"2022-04-{18 + day:02d}T07:00:00+07:00")
        made.document["findings"] = [
            finding
            for number, finding in enumerate(full.document["findings"])
            if finding["status"] in ("pass", "waived") or (number + day) % 4
        ]
        for extra in range(6 - day):
            made.found("agg-1", "cell", "fail", "checks:subject.locked", subject=f"cell-{extra}")
        made.document["observations"] = full.document["observations"][: 30 + 2 * day]
        yield made.settle()
