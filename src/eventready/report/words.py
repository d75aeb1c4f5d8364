"""The words of reports in both languages. Keys are the run document's own; a word that is missing is a defect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from eventready.duty.named import Pair

Lang = Literal["vi", "en"]

VERDICTS: Mapping[str, Pair] = {
    "READY": ("Ready", "Sẵn sàng"),
    "READY_WITH_RISK": ("Ready, with risk", "Sẵn sàng, còn rủi ro"),
    "NOT_READY": ("Not ready", "Chưa sẵn sàng"),
    "NOT_MEASURED": ("Not measured", "Chưa đo được"),
}

STATUSES: Mapping[str, Pair] = {
    "fail": ("Failed", "Không đạt"),
    "warn": ("Warning", "Cảnh báo"),
    "not_measured": ("Not measured", "Chưa đo được"),
    "waived": ("Waived", "Được miễn"),
    "pass": ("Passed", "Đạt"),
}

OBSERVATIONS: Mapping[str, Pair] = {
    "parsed": ("read", "đã đọc"),
    "empty": ("read, nothing there", "đã đọc, không có mục nào"),
    "unparsed": ("answer not understood", "chưa hiểu được câu trả lời"),
    "unsupported": ("the device does not know the command", "thiết bị không có lệnh này"),
    "denied": ("refused by the device", "thiết bị từ chối quyền truy cập"),
    "unreachable": ("not reached", "không kết nối được"),
    "timeout": ("no answer in time", "quá thời gian chờ"),
}

SERVICES: Mapping[str, Pair] = {
    "fixed": ("Fixed telephony", "Cố định"),
    "internet": ("Internet", "Internet"),
    "mobile": ("Mobile", "Di động"),
    "wifi": ("Wi-Fi", "Wi-Fi"),
}

ROLES: Mapping[str, Pair] = {
    "router": ("Router", "Bộ định tuyến"),
    "bts_controller": ("BTS controller", "Bộ điều khiển BTS"),
    "wifi_controller": ("Wi-Fi controller", "Bộ điều khiển Wi-Fi"),
    "service_host": ("Service host", "Máy chủ dịch vụ"),
}

#: Values inside sentences that are words of the records; names, addresses and the protocols' own states stay.
VALUES_VI: Mapping[str, str] = {
    "up": "hoạt động",
    "down": "không hoạt động",
    "degraded": "suy giảm",
    "ok": "bình thường",
    "warning": "cảnh báo",
    "critical": "nguy cấp",
    "failed": "hỏng",
    "absent": "vắng mặt",
    "unknown": "không rõ",
    "major": "lớn",
    "minor": "nhỏ",
    "active": "chính",
    "standby": "dự phòng",
    "alone": "đơn lẻ",
}

#: Subjects that are English words; other subjects are names.
SUBJECTS_VI: Mapping[str, str] = {
    "airtime": "mức bận của kênh",
    "access points": "điểm phát Wi-Fi",
    "radios": "bộ phát sóng",
    "alarms": "cảnh báo thiết bị",
    "backup route": "tuyến dự phòng",
    "barring": "cấm truy nhập",
    "clients": "số máy kết nối",
    "clock": "đồng hồ",
    "configuration": "cấu hình",
    "controller pair": "cặp bộ điều khiển",
    "core links": "liên kết mạng lõi",
    "default route": "tuyến mặc định",
    "log": "nhật ký",
    "login": "truy cập",
    "memory": "bộ nhớ",
    "noise": "nhiễu nền",
    "static default routes": "tuyến mặc định tĩnh",
    "uptime": "thời gian hoạt động",
}

WEEKDAYS: tuple[Pair, ...] = (
    ("Monday", "thứ Hai"),
    ("Tuesday", "thứ Ba"),
    ("Wednesday", "thứ Tư"),
    ("Thursday", "thứ Năm"),
    ("Friday", "thứ Sáu"),
    ("Saturday", "thứ Bảy"),
    ("Sunday", "Chủ nhật"),
)

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

PHRASES: Mapping[str, Pair] = {
    "title": ("Network readiness", "Mức độ sẵn sàng của mạng lưới"),
    "at": ("Event time", "Thời điểm"),
    "run": ("Run", "Lần kiểm tra"),
    "coverage": ("Measured", "Đo được"),
    "coverage_of": ("{measured} of {needed} readings", "{measured} trên {needed} phép đo"),
    "devices": ("Devices", "Thiết bị"),
    "devices_reached": ("{reached} of {count} reached", "kết nối được {reached} trên {count}"),
    "seal": ("Seal", "Mã niêm phong"),
    "rehearsal": ("Rehearsal", "Diễn tập"),
    "rehearsal_note": (
        "This is a rehearsal on the event's clock, set to {event}. The devices were really read on {real}.",
        "Đây là kết quả diễn tập theo đồng hồ sự kiện đặt lúc {event}. Thời điểm đọc thiết bị thực tế: {real}.",
    ),
    "interrupted": (
        "This run was interrupted. What it did not reach is not measured.",
        "Lần kiểm tra này bị gián đoạn. Phần chưa thực hiện được tính là chưa đo được.",
    ),
    "nothing": (
        "Nothing was measured, so nothing is ready.",
        "Chưa đo được gì, nên chưa thể nói là sẵn sàng.",
    ),
    "services_counted": ("{count} of {all} services", "{count} trên {all} dịch vụ"),
    "matrix": ("Verdict by venue and service", "Kết luận theo địa điểm và dịch vụ"),
    "venue": ("Venue", "Địa điểm"),
    "not_offered": ("not offered here", "không cung cấp"),
    "legend": (
        "Not measured is never counted as passed.",
        "Chưa đo được không bao giờ được tính là đạt.",
    ),
    "wrong": ("What is wrong", "Những điểm cần xử lý"),
    "wrong_none": ("No check failed and none warns.", "Không có mục nào không đạt hoặc cảnh báo."),
    "shared": ("Equipment that serves several venues", "Thiết bị dùng chung cho nhiều địa điểm"),
    "nowhere": ("Equipment of no venue", "Thiết bị không gắn với địa điểm nào"),
    "shared_note": (
        "Plus {count} on shared equipment, above.",
        "Ngoài ra có {count} mục ở thiết bị dùng chung nêu trên.",
    ),
    "venue_clear": ("Nothing of its own.", "Không có mục riêng."),
    "more": ("{count} more", "{count} mục nữa"),
    "more_groups": ("{count} more groups", "{count} nhóm nữa"),
    "more_below": ("{count} more under each device", "{count} mục nữa ở phần chi tiết"),
    "details": ("Evidence", "Bằng chứng"),
    "unmeasured": ("What could not be measured", "Những gì chưa đo được"),
    "unmeasured_none": ("Everything that was needed was measured.", "Mọi phép đo cần thiết đều đã thực hiện được."),
    "unreached": ("Devices that could not be asked", "Thiết bị không hỏi được"),
    "unread": ("Readings that failed", "Phép đo không thành công"),
    "blind": ("What this equipment cannot tell", "Những gì loại thiết bị này không cho biết"),
    "blind_note": (
        "A risk that stays, and no failure of the audit: look at these points another way.",
        "Rủi ro còn lại, không phải lỗi của lần kiểm tra: cần kiểm tra các điểm này bằng cách khác.",
    ),
    "lost": ("{count} checks without an answer", "{count} mục kiểm tra không có kết quả"),
    "on_devices": ("on {count} devices", "trên {count} thiết bị"),
    "trend": ("Since earlier runs", "So với các lần kiểm tra trước"),
    "trend_none": ("There is no earlier run to compare with.", "Chưa có lần kiểm tra trước để so sánh."),
    "trend_runs": ("The last {count} runs, oldest first", "{count} lần kiểm tra gần nhất, cũ nhất bên trái"),
    "change_new": ("New", "Mới phát sinh"),
    "change_worse": ("Worse", "Nặng hơn"),
    "change_fixed": ("Fixed", "Đã khắc phục"),
    "change_better": ("Better, not yet good", "Nhẹ hơn, chưa hết"),
    "change_still": ("Still open", "Vẫn còn"),
    "change_unseen": ("Not seen this time", "Lần này không thấy lại"),
    "change_none": ("None", "Không có"),
    "changed": ("Changes made to the network", "Thay đổi cấu hình mạng đã thực hiện"),
    "changed_none": ("No change is on record.", "Chưa ghi nhận thay đổi nào."),
    "changed_what": ("Change", "Thay đổi"),
    "changed_when": ("When", "Thời điểm"),
    "changed_by": ("By", "Người thực hiện"),
    "changed_devices": ("Devices", "Thiết bị"),
    "changed_state": ("Outcome", "Kết quả"),
    "change_back": ("taking back the change of {change} ({what})", "hoàn nguyên thay đổi lúc {change} ({what})"),
    "change_devices_new": ("{count} as planned", "{count} thiết bị đã đổi"),
    "change_devices_old": ("{count} back to the old state", "{count} thiết bị đã trở về cấu hình cũ"),
    "change_devices_untouched": ("{count} untouched", "{count} thiết bị không động đến"),
    "change_devices_unproven": ("{count} not proven", "{count} thiết bị chưa xác định được"),
    "change_devices_none": ("no device yet", "chưa có thiết bị nào"),
    "compared": ("Compared with {run}", "So với lần {run}"),
    "duties": ("Duty clauses that this touches", "Các điều khoản nhiệm vụ liên quan"),
    "duty": ("Clause", "Điều khoản"),
    "evidence": ("Every finding, with its evidence", "Chi tiết từng mục và bằng chứng"),
    "all_good": ("Devices with nothing to report", "Thiết bị không có vấn đề"),
    "passed_folded": ("{count} passed", "{count} mục đạt"),
    "said": ("What the devices said", "Thiết bị trả lời"),
    "raw_lost": ("The raw text is not in this document.", "Nội dung gốc không nằm trong tài liệu này."),
    "raw_get": ("Whole text:", "Xem toàn văn:"),
    "lines_left_out": ("{count} lines left out", "lược {count} dòng"),
    "no_finding": ("No finding.", "Không có mục nào."),
    "waivers": ("Waivers", "Các mục được miễn"),
    "waivers_none": ("Nothing is waived.", "Không có mục nào được miễn."),
    "appendix": ("Appendix: what was read from each device", "Phụ lục: những gì đã đọc từ từng thiết bị"),
    "device": ("Device", "Thiết bị"),
    "role": ("Role", "Vai trò"),
    "platform": ("Platform", "Chủng loại"),
    "readings": ("Readings", "Phép đo"),
    "missing": ("Without an answer", "Không có kết quả"),
    "folded": (
        "Left out of this page to keep it usable: {what}. All of it is in the run: {command}",
        "Để trang dễ đọc, đã lược: {what}. Toàn bộ nằm trong dữ liệu lần kiểm tra: {command}",
    ),
    "folded_rows": ("{count} findings", "{count} mục"),
    "folded_raw": ("{count} raw texts", "{count} nội dung gốc"),
    "folded_groups": ("{count} groups under “What is wrong”", "{count} nhóm ở phần “Những điểm cần xử lý”"),
    "made_by": ("Made by {tool} from run {run}.", "Lập bởi {tool} từ lần kiểm tra {run}."),
    "contents": ("Contents", "Mục lục"),
    "page": ("Page", "Trang"),
}
