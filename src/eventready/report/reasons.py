"""Why something was not measured, in Vietnamese: what sessions and readings say, and what platforms cannot tell.

Sessions put names and figures into their sentences, so these are patterns; a reason that none knows stays in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), vietnamese)
    for pattern, vietnamese in (
        (r"(.+) refuses the connection\..*", r"\1 từ chối kết nối. Kiểm tra cổng và dịch vụ trên thiết bị."),
        (r"(.+) does not answer within ([\d.]+) s\.", r"\1 không trả lời trong \2 giây."),
        (r"There is no route to (.+?): .*", r"Không có đường đến \1."),
        (r"The name (.+) of (.+) cannot be resolved\..*", r"Không phân giải được tên \1 của \2. Kiểm tra hostname."),
        (r"(.+) refuses the user name or the password\..*", r"\1 từ chối tên đăng nhập hoặc mật khẩu."),
        (r"(.+) did not answer the login in time\.", r"\1 không trả lời đăng nhập kịp thời gian."),
        (r"(.+) closed the session after the login.*", r"\1 đóng phiên ngay sau khi đăng nhập."),
        (r"(.+) (?:broke the connection off|closed the connection) .*", r"\1 ngắt kết nối trong lúc đăng nhập."),
        (r"(.+) writes without end and shows no prompt.*", r"\1 gửi dữ liệu không dứt và không hiện dấu nhắc."),
        (
            r"(.+) does not answer at the login as its platform should\.",
            r"\1 không trả lời đúng như chủng loại đã khai.",
        ),
        (r"(.+) accepts the connection and does not speak SSH in time\.", r"\1 nhận kết nối nhưng không trả lời SSH."),
        (r"The host key of (\S+) \((.+?)\) is not recorded.*", r"Khóa máy chủ của \1 (\2) chưa được ghi nhận."),
        (r"(.+?) shows another host key than the recorded one.*", r"\1 có khóa máy chủ khác với khóa đã ghi nhận."),
        (r"The device does not know the command\.", "Thiết bị không có lệnh này."),
        (r"The device does not allow this user the command\.", "Thiết bị không cho người dùng này chạy lệnh."),
        (r"The device did not finish its answer in time\.", "Thiết bị không trả lời xong trong thời gian cho phép."),
        (r"The saved output breaks off before the answer ends\.", "Kết quả đã lưu bị cắt giữa chừng."),
        (r"The session ended before the answer did\.", "Phiên kết thúc trước khi trả lời xong."),
        (r"The session had ended before the command could be sent\.", "Phiên đã kết thúc trước khi gửi được lệnh."),
        (r"The device answered nothing at all, which .*", "Thiết bị không trả lời gì, nên không thể kết luận."),
        (
            r"The answer has no rows, and nothing in it .*",
            "Câu trả lời không có dữ liệu và không nói là không có.",
        ),
        (r"(\d+) lines? of the answer that no rule knows\.", r"\1 dòng trong câu trả lời chưa nhận biết được."),
        (r"(\d+) rows? that could not be read \((.*)\)\.", r"\1 dòng dữ liệu không đọc được (\2)."),
        (r"It was not asked anything\.", "Chưa hỏi thiết bị này."),
    )
)

_HOST = "vtysh không thấy "
_VTY = "VTY không cho biết "

CANNOT_TELL_VI: Mapping[str, str] = {
    "vtysh does not tell the processor load of its host": "vtysh không cho biết tải bộ xử lý của máy chủ",
    "vtysh tells what its daemons take, not how much memory the host has": (
        "vtysh chỉ cho biết bộ nhớ các tiến trình dùng, không cho biết bộ nhớ của máy chủ"
    ),
    "vtysh does not see the host's sensors": _HOST + "cảm biến của máy chủ",
    "vtysh does not see the host's power supplies": _HOST + "bộ nguồn của máy chủ",
    "vtysh does not see the host's fans": _HOST + "quạt của máy chủ",
    "FRR is software; it has no boards": "FRR là phần mềm, không có bo mạch",
    "vtysh does not see the host's transceivers": _HOST + "mô-đun quang của máy chủ",
    "FRR does not speak HSRP": "FRR không hỗ trợ HSRP",
    "bonds are the host kernel's; vtysh does not tell their members": (
        "nhóm liên kết do nhân hệ điều hành quản lý, vtysh không cho biết thành viên"
    ),
    "the clock is the host's; vtysh does not tell what it follows": (
        "đồng hồ là của máy chủ, vtysh không cho biết nguồn đồng bộ"
    ),
    "FRR logs to the host's own syslog; vtysh does not tell where that sends it": (
        "FRR ghi vào syslog của máy chủ, vtysh không cho biết nơi gửi đến"
    ),
    "vtysh does not compare the running configuration with the saved one": (
        "vtysh không so được cấu hình đang chạy với cấu hình đã lưu"
    ),
    "FRR has no LLDP daemon": "FRR không có tiến trình LLDP",
    "an eNodeB is its own site; that it answers is what tells that its link is up": (
        "mỗi eNodeB là một trạm; việc nó trả lời cho thấy liên kết còn hoạt động"
    ),
    "LTE has no channels that are taken one by one; use of resource blocks is a performance counter": (
        "LTE không chiếm từng kênh; mức dùng khối tài nguyên là bộ đếm hiệu năng"
    ),
    "RRC attempts and rejections are performance counters, which MML does not show": (
        "số lần yêu cầu và từ chối RRC là bộ đếm hiệu năng, MML không hiển thị"
    ),
    "processor load is a performance counter; overload raises an alarm, which is read": (
        "tải bộ xử lý là bộ đếm hiệu năng; quá tải sẽ có cảnh báo và cảnh báo được đọc"
    ),
    "channels are told one BTS at a time (DSP CHNSTAT), not for the controller as a whole": (
        "kênh chỉ xem được theo từng BTS (DSP CHNSTAT), không xem được cho cả bộ điều khiển"
    ),
    "attempts and blocking are performance counters, which MML does not show": (
        "số lần yêu cầu và nghẽn là bộ đếm hiệu năng, MML không hiển thị"
    ),
    "the links to the core are told per subrack and type, not by one report": (
        "liên kết mạng lõi chỉ xem được theo từng khung và loại, không có một báo cáo chung"
    ),
    "boards are told one subrack at a time; a faulty board raises an alarm, which is read": (
        "bo mạch chỉ xem được theo từng khung; bo hỏng sẽ có cảnh báo và cảnh báo được đọc"
    ),
    "processor load is told one subrack at a time; overload raises an alarm, which is read": (
        "tải bộ xử lý chỉ xem được theo từng khung; quá tải sẽ có cảnh báo và cảnh báo được đọc"
    ),
    "MML has no report of memory": "MML không có báo cáo về bộ nhớ",
    "no report of the release is read": "không đọc báo cáo phiên bản",
    "a configuration command takes effect and is stored at once": "lệnh cấu hình có hiệu lực và được lưu ngay",
    "the state of the clock is told one subrack at a time": "trạng thái đồng hồ chỉ xem được theo từng khung",
    "the log goes to the element manager; there is no remote host to name": (
        "nhật ký gửi về hệ thống quản lý, không có máy chủ nhận riêng"
    ),
    "HSRP is Cisco's; VRP has VRRP": "HSRP là của Cisco; VRP dùng VRRP",
    "OsmoBSC keeps no list of active alarms": "OsmoBSC không giữ danh sách cảnh báo đang hoạt động",
    "the VTY does not tell the processor load of its host": _VTY + "tải bộ xử lý của máy chủ",
    "the VTY does not tell the memory of its host": _VTY + "bộ nhớ của máy chủ",
    "hostapd keeps no list of active alarms": "hostapd không giữ danh sách cảnh báo đang hoạt động",
    "where a Linux host has its sensors differs from board to board": (
        "máy chủ Linux có cảm biến ở chỗ khác nhau tùy bo mạch"
    ),
    "a Linux host does not tell its power supplies in one way": (
        "máy chủ Linux không cho biết các bộ nguồn theo một cách thống nhất"
    ),
    "a Linux host does not tell its fans in one way": "máy chủ Linux không cho biết các quạt theo một cách thống nhất",
    "hostapd is software; it has no boards": "hostapd là phần mềm, không có bo mạch",
    "hostapd has no second controller that stands ready": "hostapd không có bộ điều khiển thứ hai sẵn sàng thay thế",
    "hostapd counts what its RADIUS servers answer, and does not judge them": (
        "hostapd đếm trả lời của các máy chủ RADIUS mà không đánh giá chúng"
    ),
    "hostapd does not tell whether what runs differs from its configuration file": (
        "hostapd không cho biết cấu hình đang chạy có khác tệp cấu hình hay không"
    ),
    "what keeps the clock of a Linux host differs from host to host": (
        "phần mềm giữ giờ của máy chủ Linux khác nhau tùy máy"
    ),
    "where the log of a Linux host goes differs from host to host": (
        "nơi nhận nhật ký của máy chủ Linux khác nhau tùy máy"
    ),
    "OsmoBSC is software; it has no boards": "OsmoBSC là phần mềm, không có bo mạch",
    "the VTY does not tell whether the running configuration differs from the saved one": (
        _VTY + "cấu hình đang chạy có khác cấu hình đã lưu hay không"
    ),
    "the clock is that of the host, which the VTY does not show": "đồng hồ là của máy chủ, VTY không hiển thị",
    "where the log goes stands only in the running configuration, which this platform does not read": (
        "nơi gửi nhật ký chỉ có trong cấu hình đang chạy, loại thiết bị này không đọc cấu hình"
    ),
}


@lru_cache(maxsize=4096)
def reason_vi(reason: str) -> str:
    """The reason in Vietnamese, or as it is."""
    if reason in CANNOT_TELL_VI:
        return CANNOT_TELL_VI[reason]
    for pattern, vietnamese in _PATTERNS:
        match = pattern.fullmatch(reason)
        if match:
            return match.expand(vietnamese)
    return reason
