"""The names of checks and changes in both languages, for clauses and for the papers about them."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]  # English, Vietnamese

INTENTS: Mapping[str, Pair] = {
    "load_balancing": ("Load balancing", "Cân bằng tải"),
    "backup": ("Backup", "Dự phòng"),
    "priority": ("Priority traffic", "Ưu tiên lưu lượng"),
}

#: Short names of the checks; one that is not here is shown by its own name.
CHECKS: Mapping[str, Pair] = {
    "access_point": ("Access points", "Điểm phát Wi-Fi"),
    "access_point_balance": ("Spread of clients over access points", "Phân bố máy giữa các điểm phát Wi-Fi"),
    "alarm": ("Active alarms", "Cảnh báo thiết bị"),
    "backup_route": ("Backup route", "Tuyến dự phòng"),
    "barring": ("Cell barring", "Cấm truy nhập cell"),
    "bfd": ("BFD sessions", "Phiên BFD"),
    "bgp": ("BGP neighbours", "Láng giềng BGP"),
    "board": ("Boards", "Bo mạch"),
    "bundle": ("Link bundles", "Nhóm liên kết (LAG)"),
    "bundle_headroom": ("Room in bundles", "Dự phòng của nhóm liên kết"),
    "cell": ("Cells", "Trạng thái cell"),
    "channel_load": ("Channel load", "Tải kênh"),
    "channel_refusals": ("Refused channel requests", "Nghẽn cấp kênh"),
    "cleartext": ("Clear-text login", "Truy cập không mã hóa"),
    "controller_active": ("Active controller", "Bộ điều khiển chính"),
    "controller_pair": ("Controller pair", "Cặp bộ điều khiển"),
    "core_link": ("Links to the core", "Liên kết mạng lõi"),
    "cpu": ("Processor", "Bộ xử lý"),
    "default_route": ("Default route", "Tuyến mặc định"),
    "fan": ("Fans", "Quạt"),
    "floating_route": ("Static default routes", "Tuyến mặc định tĩnh"),
    "hsrp": ("HSRP membership", "Thành viên HSRP"),
    "hsrp_pair": ("HSRP pair", "Cặp HSRP"),
    "interface_drops": ("Dropped packets", "Rớt gói"),
    "interface_errors": ("Interface errors", "Lỗi giao diện"),
    "isis": ("IS-IS neighbours", "Láng giềng IS-IS"),
    "link": ("Links, both ends", "Liên kết hai đầu"),
    "link_neighbour": ("Cabling", "Đấu nối"),
    "memory": ("Memory", "Bộ nhớ"),
    "mobile_bts": ("Mobile base stations", "Trạm BTS lưu động"),
    "ntp": ("Clock", "Đồng bộ thời gian"),
    "optic": ("Optical power", "Công suất quang"),
    "ospf": ("OSPF neighbours", "Láng giềng OSPF"),
    "power": ("Power supplies", "Nguồn điện"),
    "radio": ("Radios", "Bộ phát sóng"),
    "radio_balance": ("Spread of clients", "Phân bố máy kết nối"),
    "radio_clients": ("Clients per radio", "Số máy kết nối"),
    "radio_listed": ("Radio figures", "Số liệu bộ phát sóng"),
    "radio_noise": ("Noise", "Nhiễu nền"),
    "radio_utilisation": ("Airtime", "Mức bận của kênh"),
    "radius": ("RADIUS servers", "Máy chủ RADIUS"),
    "saved_config": ("Saved configuration", "Lưu cấu hình"),
    "site": ("Base stations", "Trạm BTS"),
    "syslog": ("Remote log", "Gửi nhật ký"),
    "temperature": ("Temperature", "Nhiệt độ"),
    "uplink": ("Uplinks", "Đường uplink"),
    "uptime": ("Last restart", "Lần khởi động lại"),
    "utilisation": ("Link load", "Tải đường truyền"),
    "device": ("Checks of the device", "Mục kiểm tra của thiết bị"),
    "waiver": ("Waivers", "Miễn trừ"),
    "vrrp": ("VRRP membership", "Thành viên VRRP"),
    "vrrp_pair": ("VRRP pair", "Cặp VRRP"),
}
