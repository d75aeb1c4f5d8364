"""What the papers of duties.yaml are called."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.duty.words import Words

_NAMES: Mapping[str, Words] = {
    "": Words("xác nhận của người phụ trách", "signed word"),
    "assurance-plan": Words("phương án bảo đảm thông tin liên lạc", "assurance plan"),
    "progress-of-the-plan": Words("tiến độ thực hiện phương án", "progress of the plan"),
    "capacity-sheet": Words("bảng tính năng lực mạng", "capacity sheet"),
    "priority-numbers": Words("danh sách số điện thoại ưu tiên", "list of priority numbers"),
    "test-calls": Words("kết quả gọi thử số ưu tiên", "test calls of priority numbers"),
    "maintenance-minutes": Words("biên bản bảo dưỡng", "maintenance minutes"),
    "line-measurements": Words("kết quả đo thử đường truyền", "line measurements"),
    "circuit-table": Words("bảng kênh, luồng theo dịch vụ", "circuit table"),
    "drill-minutes": Words("biên bản diễn tập", "drill minutes"),
    "scenario-book": Words("kịch bản ứng cứu tình huống", "scenario book"),
    "team-list": Words("danh sách tổ ứng cứu", "team list"),
    "stock-list": Words("bảng phương tiện, vật tư, thiết bị", "stock list"),
    "mobile-bts-commissioning": Words("biên bản đưa trạm BTS lưu động vào hoạt động", "mobile BTS commissioning sheet"),
    "access-points-added": Words("danh sách điểm phát Wifi bổ sung", "list of access points added"),
    "wifi-survey": Words("kết quả đo phủ sóng Wifi", "WiFi survey"),
    "promotions": Words("chương trình khuyến mãi, ưu đãi", "promotions"),
    "postal-inspections": Words("biên bản kiểm tra nghiệp vụ bưu chính", "postal inspections"),
    "postal-findings": Words("theo dõi khắc phục thiếu sót", "record of findings corrected"),
    "drivers-acknowledgement": Words("cam kết của lái xe", "drivers' acknowledgement"),
    "vehicle-checklist": Words("bảng kiểm tra xe bưu chính", "vehicle checklist"),
    "hazard-log": Words("sổ theo dõi yếu tố mất an toàn, an ninh", "hazard log"),
    "control-log": Words("sổ kiểm soát khai thác", "control log"),
    "priority-items": Words("thống kê bưu gửi ưu tiên", "record of priority items"),
    "staff-acknowledgement": Words("danh sách phổ biến, quán triệt", "staff acknowledgement"),
    "incident-list": Words("sổ sự cố", "incident log"),
    "incident-report": Words("báo cáo sự cố", "incident report"),
    "nearest-police": Words("danh sách Công an gần nhất", "list of nearest police stations"),
    "weekly-report": Words("báo cáo tuần", "weekly report"),
    "final-report": Words("báo cáo tổng kết", "summary report"),
    "duty-list": Words("danh sách trực", "duty list"),
    "record-of-delivery": Words("nhật ký gửi báo cáo", "record of delivery"),
    "consolidated-report": Words("báo cáo tổng hợp", "consolidated report"),
    "assignment": Words("văn bản phân công lãnh đạo phụ trách", "assignment of the leader in charge"),
}


def paper_words(document: str) -> Words:
    """A paper's name; a workspace's own papers keep the name that it gave them."""
    return _NAMES.get(document, Words(document, document))
