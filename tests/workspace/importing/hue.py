"""Workbook of a stranger: 35 devices of Huế as a provincial engineer lists them, with eleven kinds of errors."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook

HEADERS = ("STT", "Tên thiết bị", "Địa chỉ IP quản lý", "Hãng", "Hệ điều hành", "Chức năng", "Phục vụ tại", "Dịch vụ",
           "Bastion", "Số serial", "Vị trí lắp đặt")  # fmt: skip
_CORE = "Quảng trường Ngọ Môn; Sân vận động Tự Do; Trung tâm Huyền Trân"
#: Name, address, vendor, system, function, venues, services.
DEVICES: tuple[tuple[str, ...], ...] = (
    ("HUE-CORE-01", "10.54.0.1", "Cisco", "IOS-XR", "Core router", "Tất cả", ""),
    ("HUE-CORE-02", "10.54.0.2", "Cisco", "Cisco IOS XR", "CORE ROUTER", "tat ca", ""),
    ("HUE-BNG-01", "10.54.0.3", "Nokia", "SR OS", "BNG", _CORE, "Internet, cố định"),
    ("HUE-BNG-02", "10.54.0.4", "Nokia", "SROS", "BNG", _CORE, "internet; co dinh"),
    ("HUE-AGG-01", "10.54.1.1", "Huawei", "", "Bộ định tuyến", "ngo-mon", ""),
    ("HUE-AGG-02", "10.54.1.2", "HUAWEI", "VRP V8", "router", "Quảng trường Ngọ Môn", ""),
    ("HUE-AGG-03", "10.54.1.3", "Huawei", "VRP", "Định tuyến", "sân vận động tự do", ""),
    ("HUE-AGG-04", "10.54.1.4", "Huawei", "", "dinh tuyen", "SAN VAN DONG TU DO", ""),
    ("HUE-AGG-05", "10.54.1.5/24", "Juniper", "Junos 21.4R3", "Router", "Trung tâm Huyền Trân", ""),
    ("HUE-AGG-06", "10.54.1.6/24", "Juniper", "JunOS", "Router", "huyen-tran", ""),
    ("HUE-ACC-01", "10.54.2.1", "MikroTik", "RouterOS", "Ruoter", "Sân Tự Do", ""),
    ("HUE-ACC-02", "10.54.2.2", "Mikrotik", "Router OS", "Ruoter", "Quảng trường Ngọ Môn", ""),
    ("HUE-ACC-03", "10.54.2.3", "ZTE", "ZXROS", "Router", "Quảng trường Ngọ Mon", ""),
    ("HUE-ACC-04", "10.54.2.4", "H3C", "Comware", "Router", "Sân vận động Tự do", ""),
    ("HUE-ACC-05", "10.54.2.5", "Cisco", "IOS XE", "Router", "Sân vận động Tự Do", ""),
    ("HUE-ACC-06", "10.54.2.6", "Cisco", "IOS", "Router", "Sân vân động Tự Đo", ""),
    ("HUE-ACC-07", "10.54.2.7", "Cisco", "ios-xe 17.9.4", "PE", "Trung tâm Huyền Trân", ""),
    ("HUE-ACC-07", "10.54.2.7", "Cisco", "ios-xe 17.9.4", "PE", "Trung tâm Huyền Trân", ""),
    ("HUE/ACC/08", "10.54.2.8", "Cisco", "IOS", "Router", "Trung tâm Huyền Trân", ""),
    ("HUE-BSC-01", "10.54.3.1", "Huawei", "BSC6900", "BSC", "Tất cả", "Di động"),
    ("HUE-BSC-02", "10.54.3.2", "Nokia", "BSC", "BSC", "Tất cả", "di dong"),
    ("HUE-ENB-01", "10.54.3.11", "Huawei", "eNodeB", "Trạm BTS", "Quảng trường Ngọ Môn", "4G"),
    ("HUE-ENB-02", "10.54.3.12", "Huawei", "eNodeB", "trạm gốc", "Sân vận động Tự Do", "4G"),
    ("HUE-GNB-01", "10.54.3.13", "Huawei", "gNodeB", "gNodeB", "Quảng trường Ngọ Môn", "5G"),
    ("HUE-GNB-02", "10.54.3.14", "Huawei", "", "gNodeB", "Sân vận động Tự Do", "5G"),
    ("HUE-WLC-01", "10.54.4.1", "Cisco", "Catalyst 9800", "WLC", "Quảng trường Ngọ Môn", "Wi-Fi"),
    ("HUE-WLC-02", "10.54.4.2", "Cisco", "AireOS", "WLC", "Sân vận động Tự Do", "wifi"),
    ("HUE-AC-01", "10.54.4.3", "Huawei", "", "AC", "Trung tâm Huyền Trân", "WiFi"),
    ("HUE-AC-02", "10.54.4.4", "Aruba", "ArubaOS 8", "Wireless controller", "Trung tâm Huyền Trân", "WIFI"),
    ("HUE-AC-03", "10.54.4.5", "Ruckus", "", "Điều khiển Wi-Fi", "Trung tâm Huyền Trân", "WIFI"),
    ("HUE-SVC-01", "10.54.5.1", "", "Linux", "Máy chủ", "tất cả", ""),
    ("HUE-SVC-02", "10.54.5.2", "", "linux", "Server", "tất cả", ""),
    ("HUE-SVC-03", "ssh://10.54.5.3:2222", "", "Debian Linux", "Máy chủ dịch vụ", "Tất cả", ""),
    ("HUE-DNS-01", "10.54.5.4", "", "Linux", "", "Tất cả", ""),
    ("HUE-FRR-01", "10.54.6.1", "", "FRRouting", "Router", "Quảng trường Ngọ Môn", ""),
    ("HUE-UPS-01", "10.54.7.1", "APC", "NMC3", "UPS", "Quảng trường Ngọ Môn", ""),
)


def write_hue(path: Path, **mended: tuple[str, ...]) -> Path:
    """Write the workbook, with the rows of the named devices as given in `mended` (`_` for `-`)."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "DS thiết bị"
    sheet.append(["DANH SÁCH THIẾT BỊ MẠNG PHỤC VỤ LỄ HỘI"])
    sheet.append([])
    sheet.append([*HEADERS])
    names = list(dict.fromkeys(device[0] for device in DEVICES))
    for number, device in enumerate(DEVICES, 1):
        row = mended.get(device[0].replace("-", "_"), device)
        if row:
            place = names.index(device[0]) + 1
            sheet.append([number, *row, "bastion-hue", f"SN{place:05}", f"Tủ {place}"])
    bastions = made.create_sheet("Máy chủ nhảy")
    bastions.append(["Tên", "Địa chỉ IP", "User", "Mật khẩu"])
    bastions.append(["bastion-hue", "10.54.9.1", "noc", "env:HUE_BASTION"])
    cables = made.create_sheet("Sơ đồ đấu nối")
    cables.append(["Từ thiết bị", "Cổng A", "Đến thiết bị", "Cổng B"])
    cables.append(["hue-core-01", "TenGigE0/0/0/0", "HUE-CORE-02", "TenGigE0/0/0/0"])
    cables.append(["HUE-CORE-01", "TenGigE0/0/0/1", "HUE AGG 01", "XGigabitEthernet0/0/1"])
    made.create_sheet("Nhật ký").append(["Ngày", "Việc"])
    made.save(path)
    return path
