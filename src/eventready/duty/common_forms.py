"""Forms of postal enterprises and of everybody: inspections, drivers, priority mail, staff, Covid-19."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from eventready.duty.form import Around, Count, Form, OptionalText, Row, Some, Text
from eventready.duty.words import Words
from eventready.duty.words import day as said_day
from eventready.english import number_of
from eventready.workspace.moments import Moment

_STEPS = "chấp nhận, khai thác, vận chuyển, phát"


class Inspection(Row):
    """A postal inspection, and what it found at one step of the service."""

    site: Text = Field(description="Điểm kiểm tra / site")
    day: date = Field(description="Ngày kiểm tra / day")
    step: Literal["acceptance", "processing", "transport", "delivery"] = Field(description=f"Khâu: {_STEPS} / step")
    inspector: Text = Field(description="Người kiểm tra / inspector")
    finding: OptionalText = Field(default="", description="Thiếu sót (để trống nếu không có) / finding")
    severity: Literal["none", "minor", "major", "critical"] = Field(default="none", description="Mức độ / severity")
    owner: OptionalText = Field(default="", description="Người khắc phục / who corrects it")
    due: date | None = Field(default=None, description="Hạn khắc phục / to be corrected by")
    closed: date | None = Field(default=None, description="Đã khắc phục ngày / corrected on")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.finding and self.severity == "none":
            raise ValueError("a finding has a severity. Say minor, major or critical.")
        if self.finding and self.closed is None and not (self.owner and self.due):
            raise ValueError("an open finding needs who corrects it and by when. Give `owner` and `due`.")
        if self.closed and self.closed < self.day:
            raise ValueError("it is corrected before it was found. Check `day` and `closed`.")
        return self


def _inspections_short(rows: Sequence[Inspection], around: Around) -> Iterable[Words]:
    late = [row for row in rows if row.closed is None and row.due is not None and row.due < around.today]
    if late:
        some = ", ".join(f"{row.site} ({said_day(row.due)})" for row in late[:3] if row.due)
        yield Words(
            f"{len(late)} thiếu sót quá hạn khắc phục: {some}",
            f"{number_of(len(late), 'finding is', 'findings are')} overdue: {some}",
        )


def _findings_short(rows: Sequence[Inspection], _around: Around) -> Iterable[Words]:
    still = [row for row in rows if row.finding and row.closed is None]
    if still:
        yield Words(
            f"{len(still)} thiếu sót chưa khắc phục", f"{number_of(len(still), 'finding is', 'findings are')} open"
        )


class Driver(Row):
    """A driver who was reminded of traffic safety, and signed."""

    driver: Text = Field(description="Lái xe / driver")
    vehicle: Text = Field(description="Biển số xe / number plate")
    reminded: date = Field(description="Ngày nhắc nhở / reminded on")
    acknowledged: bool = Field(description="Đã ký cam kết / signed")


def _drivers_short(rows: Sequence[Driver], _around: Around) -> Iterable[Words]:
    unsigned = [row.driver for row in rows if not row.acknowledged]
    if unsigned:
        some = ", ".join(unsigned[:3])
        yield Words(
            f"{len(unsigned)} lái xe chưa ký ({some})",
            f"{number_of(len(unsigned), 'driver has', 'drivers have')} not signed ({some})",
        )


class Vehicle(Row):
    """A postal vehicle held against the rules on carrying goods."""

    vehicle: Text = Field(description="Biển số xe / number plate")
    day: date = Field(description="Ngày kiểm tra / day")
    forbidden_goods: bool = Field(description="Có hàng cấm / forbidden goods found")
    load_ok: bool = Field(description="Tải trọng đúng quy định / load within the limit")
    papers_ok: bool = Field(description="Đủ giấy tờ / papers complete")


def _vehicles_short(rows: Sequence[Vehicle], _around: Around) -> Iterable[Words]:
    bad = [row.vehicle for row in rows if row.forbidden_goods or not row.load_ok or not row.papers_ok]
    if bad:
        some = ", ".join(bad[:3])
        yield Words(
            f"{len(bad)} xe chưa đạt ({some})",
            f"{number_of(len(bad), 'vehicle does', 'vehicles do')} not pass ({some})",
        )


class Hazard(Row):
    """What endangers safety or security, and when it was removed."""

    site: Text = Field(description="Nơi phát hiện / where")
    what: Text = Field(description="Yếu tố mất an toàn, an ninh / what")
    found: Moment = Field(description="Phát hiện lúc / found at")
    removed: Moment | None = Field(default=None, description="Khắc phục lúc / removed at")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.removed and self.removed < self.found:
            raise ValueError("it is removed before it was found. Check the two times.")
        return self


def _hazards_short(rows: Sequence[Hazard], _around: Around) -> Iterable[Words]:
    still = [row.what for row in rows if row.removed is None]
    if still:
        yield Words(
            f"{len(still)} yếu tố chưa khắc phục ({still[0]})",
            f"{number_of(len(still), 'hazard is', 'hazards are')} open ({still[0]})",
        )


class Control(Row):
    """A control in postal processing."""

    site: Text = Field(description="Điểm khai thác / site")
    day: date = Field(description="Ngày / day")
    checked: Count = Field(description="Số bưu gửi đã kiểm tra / items checked")
    screening: bool = Field(description="Soi chiếu đạt / screening in order")
    seals: bool = Field(description="Niêm phong đạt / seals in order")
    scans: bool = Field(description="Quét định vị đạt / scans in order")


def _controls_short(rows: Sequence[Control], _around: Around) -> Iterable[Words]:
    bad = [f"{row.site} {said_day(row.day)}" for row in rows if not (row.screening and row.seals and row.scans)]
    if bad:
        yield Words(
            f"{len(bad)} lượt kiểm soát chưa đạt ({bad[0]})",
            f"{number_of(len(bad), 'control does', 'controls do')} not pass ({bad[0]})",
        )


class PriorityMail(Row):
    """Items of Party and State bodies and the armed forces over some days."""

    kind: Literal["KT1", "hoa_toc", "hen_gio", "other"] = Field(description="Loại: KT1, hỏa tốc, hẹn giờ, khác / kind")
    start: date = Field(alias="from", description="Từ ngày / from")
    end: date = Field(alias="to", description="Đến ngày / to")
    received: Count = Field(description="Số nhận gửi / received")
    delivered: Count = Field(description="Số đã phát / delivered")
    on_time: Count = Field(description="Số đúng thời gian / on time")
    lost: Count = Field(description="Số mất / lost")
    seal_broken: Count = Field(default=0, description="Số hỏng niêm phong / seals broken")

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.end < self.start:
            raise ValueError("the days end before they begin. Swap `from` and `to`.")
        if self.delivered + self.lost > self.received:
            raise ValueError("more is delivered and lost than was received. Check the counts.")
        if self.on_time > self.delivered:
            raise ValueError("more is on time than was delivered. Check the counts.")
        return self


def _mail_short(rows: Sequence[PriorityMail], _around: Around) -> Iterable[Words]:
    lost, broken = sum(row.lost for row in rows), sum(row.seal_broken for row in rows)
    late = sum(row.delivered - row.on_time for row in rows)
    if lost:
        yield Words(f"mất {lost} bưu gửi ưu tiên", f"{number_of(lost, 'priority item')} lost")
    if broken:
        yield Words(f"{broken} bưu gửi hỏng niêm phong", f"{number_of(broken, 'seal')} broken")
    if late:
        yield Words(f"{late} bưu gửi phát trễ", f"{number_of(late, 'item')} late")


class Staff(Row):
    """How many of a unit's people have acknowledged the letter."""

    unit: Text = Field(description="Đơn vị / unit")
    staff: Some = Field(description="Số cán bộ, công nhân viên / people")
    acknowledged: Count = Field(description="Số đã được phổ biến, quán triệt / have acknowledged")
    day: date = Field(description="Tính đến ngày / as of")

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.acknowledged > self.staff:
            raise ValueError("more people have acknowledged than there are. Check the counts.")
        return self


def _staff_short(rows: Sequence[Staff], _around: Around) -> Iterable[Words]:
    staff, told = sum(row.staff for row in rows), sum(row.acknowledged for row in rows)
    if told < staff:
        yield Words(f"mới phổ biến {told}/{staff} người", f"{told} of {staff} people have acknowledged")


class Covid(Row):
    """Measures against Covid-19 on duty at one place."""

    site: Text = Field(description="Nơi trực, ca trực / where, which shift")
    day: date = Field(description="Ngày / day")
    five_k: bool = Field(description="Thực hiện đủ 5K / the 5K measures are kept")
    reserve: Count = Field(description="Số người dự bị thay F0, F1 / people in reserve")
    cases: Count = Field(default=0, description="Số F0 đang nghỉ / cases off duty")
    note: OptionalText = Field(default="", description="Ghi chú / note")


def _covid_short(rows: Sequence[Covid], _around: Around) -> Iterable[Words]:
    for row in rows:
        if not row.five_k:
            yield Words(f"{row.site} chưa đủ 5K", f"{row.site} does not keep the 5K measures")
        if row.reserve == 0:
            yield Words(f"{row.site} chưa có người dự bị", f"{row.site} has nobody in reserve")


class HandedOver(Row):
    """A paper that was handed over outside this program."""

    due: date = Field(description="Kỳ báo cáo: ngày phải gửi / the day whose report it is")
    at: Moment = Field(description="Gửi lúc / handed over at")
    how: Literal["email", "paper", "fax", "portal"] = Field(description="Cách gửi / how")
    recipient: Text = Field(description="Nơi nhận / recipient")
    reference: OptionalText = Field(default="", description="Số văn bản, mã thư / reference")


def _nothing_short(_rows: Sequence[HandedOver], _around: Around) -> Iterable[Words]:
    return ()


FORMS: tuple[Form, ...] = (
    Form("postal-inspections", Words("Kiểm tra nghiệp vụ bưu chính", "Postal inspections"), Inspection,
         ("site", "day", "step"), _inspections_short),
    Form("postal-findings", Words("Khắc phục thiếu sót", "Findings corrected"), Inspection, ("site", "day", "step"),
         _findings_short),
    Form("drivers-acknowledgement", Words("Nhắc nhở lái xe", "Reminder of drivers"), Driver, ("driver", "vehicle"),
         _drivers_short),
    Form("vehicle-checklist", Words("Kiểm tra xe bưu chính", "Vehicle checklist"), Vehicle, ("vehicle",),
         _vehicles_short),
    Form("hazard-log", Words("Yếu tố mất an toàn, an ninh", "Hazards"), Hazard, ("site", "what"), _hazards_short),
    Form("control-log", Words("Kiểm soát khai thác bưu chính", "Controls in processing"), Control, ("site", "day"),
         _controls_short),
    Form("priority-items", Words("Bưu gửi ưu tiên", "Priority mail"), PriorityMail, ("kind", "start", "end"),
         _mail_short),
    Form("staff-acknowledgement", Words("Phổ biến, quán triệt", "Staff acknowledgement"), Staff, ("unit",),
         _staff_short),
    Form("3.i", Words("Phòng, chống dịch Covid-19", "Measures against Covid-19"), Covid, ("site",), _covid_short),
    Form("weekly-report", Words("Báo cáo tuần gửi ngoài chương trình", "Weekly report handed over"), HandedOver,
         ("due",), _nothing_short),
    Form("duty-list", Words("Danh sách trực gửi ngoài chương trình", "Duty list handed over"), HandedOver, ("due",),
         _nothing_short),
)  # fmt: skip
