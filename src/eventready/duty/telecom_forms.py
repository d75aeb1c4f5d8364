"""Forms of telecommunications enterprises: mobile base stations, circuits, priority numbers, promotions, stock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from eventready.duty.form import (
    Amount,
    Around,
    Count,
    Form,
    OptionalText,
    Phone,
    Row,
    Some,
    Text,
    Texts,
)
from eventready.duty.privacy import mask
from eventready.duty.words import Words, at, day
from eventready.english import number_of
from eventready.workspace.moments import Moment


class MobileStation(Row):
    """A mobile base station for a venue, from its arrival to its test on air."""

    id: Text = Field(description="Mã trạm / its name")
    venue: Text = Field(description="Địa điểm (mã trong event.yaml) / venue")
    technology: Texts = Field(min_length=1, description="Công nghệ: 2G, 3G, 4G, 5G / technology")
    band: OptionalText = Field(default="", description="Băng tần / frequency band")
    backhaul: Text = Field(description="Truyền dẫn / backhaul")
    power: Text = Field(description="Nguồn điện / power")
    antenna: Text = Field(description="Ăng-ten / antenna")
    licence: Text = Field(description="Giấy phép tần số, giấy phép đặt trạm / licence")
    arrived: Moment | None = Field(default=None, description="Đến nơi lúc / arrived at")
    on_air: Moment | None = Field(default=None, description="Phát sóng lúc / on air since")
    tested: Moment | None = Field(default=None, description="Thử xong lúc / tested at")
    alarms: Count | None = Field(default=None, description="Số cảnh báo còn lại / alarms left")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        steps = [moment for moment in (self.arrived, self.on_air, self.tested) if moment is not None]
        if steps != sorted(steps):
            raise ValueError("a station arrives, goes on air and is tested in this order. Check the three times.")
        return self


def _stations_short(rows: Sequence[MobileStation], _around: Around) -> Iterable[Words]:
    for row in rows:
        if row.on_air is None:
            yield Words(f"trạm {row.id} chưa phát sóng", f"station {row.id} is not on air")
        elif row.tested is None:
            yield Words(f"trạm {row.id} chưa thử xong", f"station {row.id} is not tested")
        elif row.alarms is None:
            yield Words(f"trạm {row.id} chưa ghi số cảnh báo", f"station {row.id}: alarms are not told")
        if row.alarms:
            yield Words(
                f"trạm {row.id} còn {row.alarms} cảnh báo", f"station {row.id} has {number_of(row.alarms, 'alarm')}"
            )


class Circuit(Row):
    """What a service needs and has of one kind of channel or circuit."""

    service: Literal["fixed", "internet", "mobile"] = Field(description="Dịch vụ / service")
    name: Text = Field(description="Kênh, luồng: tên hoặc loại (E1, VLAN, kênh thuê riêng, ...) / circuit")
    a_end: OptionalText = Field(default="", description="Điểm đầu / A end")
    z_end: OptionalText = Field(default="", description="Điểm cuối / Z end")
    unit: Text = Field(description="Đơn vị: kênh, Mbit/s, ... / unit")
    required: Amount = Field(description="Cần / required")
    available: Amount = Field(description="Có / available")

    @property
    def spare(self) -> float:
        """What is left; negative when it is not enough."""
        return self.available - self.required


def _circuits_short(rows: Sequence[Circuit], _around: Around) -> Iterable[Words]:
    names = {"fixed": "cố định", "internet": "Internet", "mobile": "di động"}
    for service, vi in names.items():
        if not any(row.service == service for row in rows):
            yield Words(f"chưa có dòng nào cho dịch vụ {vi}", f"no row for the service {service}")
    for row in rows:
        if row.spare < 0:
            yield Words(
                f"{row.name} thiếu {-row.spare:g} {row.unit}".replace(".", ","),
                f"{row.name} lacks {-row.spare:g} {row.unit}",
            )


class PriorityNumber(Row):
    """A number of the Steering Committee, the Organising Committee or a unit concerned. Masked when shown."""

    number: Phone = Field(description="Số điện thoại, trong dấu nháy / number, in quotes")
    unit: Text = Field(description="Đơn vị sử dụng / whose it is")
    group: Literal["steering", "organising", "concerned"] = Field(
        description="Ban chỉ đạo, Ban tổ chức, bộ phận liên quan / group"
    )
    profile: OptionalText = Field(default="", description="Mức ưu tiên đã khai báo (HLR/PCRF) / priority profile")
    venue: OptionalText = Field(default="", description="Địa điểm (mã trong event.yaml) / venue")
    confirmed: date | None = Field(default=None, description="Ngày xác nhận danh sách / confirmed on")
    active: bool = Field(default=False, description="Đã có hiệu lực trên mạng / active in the network")


def _numbers_short(rows: Sequence[PriorityNumber], _around: Around) -> Iterable[Words]:
    idle = [row for row in rows if not row.active]
    open_ = [row for row in rows if row.confirmed is None]
    if idle:
        some = ", ".join(mask(row.number) for row in idle[:3])
        yield Words(
            f"{len(idle)} số chưa có hiệu lực ({some})",
            f"{number_of(len(idle), 'number is', 'numbers are')} not active ({some})",
        )
    if open_:
        yield Words(
            f"{len(open_)} số chưa xác nhận", f"{number_of(len(open_), 'number is', 'numbers are')} not confirmed"
        )
    for group, vi in (("steering", "Ban chỉ đạo"), ("organising", "Ban tổ chức")):
        if not any(row.group == group for row in rows):
            yield Words(f"chưa có số nào của {vi}", f"no number of the {group} committee")


class CallTest(Row):
    """A test call of a priority number."""

    number: Phone = Field(description="Số điện thoại, trong dấu nháy / number, in quotes")
    at: Moment = Field(description="Gọi lúc / called at")
    success: bool = Field(description="Thành công / success")
    mos: float | None = Field(default=None, ge=1, le=5, description="Điểm chất lượng thoại MOS 1-5 / MOS")


def _calls_short(rows: Sequence[CallTest], _around: Around) -> Iterable[Words]:
    failed = [row for row in rows if not row.success]
    if failed:
        some = ", ".join(mask(row.number) for row in failed[:3])
        yield Words(
            f"{len(failed)} số gọi thử không thành công ({some})",
            f"{number_of(len(failed), 'test call')} failed ({some})",
        )


class Promotion(Row):
    """A promotion, an incentive or a tariff cut for users."""

    name: Text = Field(description="Tên chương trình / name")
    service: Text = Field(description="Dịch vụ / service")
    content: Text = Field(description="Nội dung ưu đãi / content")
    start: date = Field(alias="from", description="Từ ngày / from")
    end: date = Field(alias="to", description="Đến ngày / to")
    scope: Text = Field(description="Đối tượng, phạm vi / for whom")
    notice: Text = Field(description="Số quyết định, số thông báo Sở Công Thương / decision or notice no.")
    message: OptionalText = Field(default="", description="Nội dung tin nhắn / text of the message")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError("the promotion ends before it begins. Swap `from` and `to`.")
        return self


def _promotions_short(rows: Sequence[Promotion], around: Around) -> Iterable[Words]:
    nights = [window.start.date() for window in around.event.windows if window.kind == "event"]
    if nights and not any(row.start <= max(nights) and row.end >= min(nights) for row in rows):
        yield Words(
            f"không chương trình nào có hiệu lực trong dịp lễ ({day(min(nights))}-{day(max(nights))})",
            f"no promotion is on during the event ({day(min(nights))}-{day(max(nights))})",
        )


class Stock(Row):
    """A vehicle, or material and equipment that must be at hand."""

    kind: Literal["vehicle", "generator", "battery", "spare", "cable", "fuel", "tool", "other"] = Field(
        description="Loại / kind"
    )
    name: Text = Field(description="Tên, biển số / name or number plate")
    quantity: Amount = Field(description="Số lượng có / quantity")
    minimum: Amount = Field(description="Số lượng tối thiểu / minimum")
    unit: Text = Field(description="Đơn vị tính / unit")
    place: Text = Field(description="Nơi để / where")
    keeper: Text = Field(description="Người giữ / keeper")


def _stock_short(rows: Sequence[Stock], _around: Around) -> Iterable[Words]:
    if not any(row.kind == "vehicle" for row in rows):
        yield Words("chưa có phương tiện nào", "no vehicle is listed")
    for row in rows:
        if row.quantity < row.minimum:
            yield Words(
                f"{row.name} còn {row.quantity:g}/{row.minimum:g} {row.unit}",
                f"{row.name}: {row.quantity:g} of {row.minimum:g} {row.unit}",
            )


class Team(Row):
    """An emergency team and the venue that it is for."""

    name: Text = Field(description="Tên tổ / name")
    venue: Text = Field(description="Địa điểm (mã trong event.yaml) / venue")
    leader: Text = Field(description="Tổ trưởng / leader")
    phone: Phone = Field(description="Điện thoại, trong dấu nháy / telephone, in quotes")
    members: Some = Field(description="Số người / people")
    ready_minutes: Count = Field(default=15, description="Có mặt sau (phút) / minutes until there")


def _teams_short(rows: Sequence[Team], around: Around) -> Iterable[Words]:
    for venue in around.event.venues:
        if not any(row.venue == venue.id for row in rows):
            yield Words(f"chưa có tổ ứng cứu tại {venue.name_vi or venue.name}", f"no team for {venue.name}")


class Survey(Row):
    """A point of the WiFi survey."""

    point: Text = Field(description="Điểm đo / point")
    at: Moment = Field(description="Đo lúc / measured at")
    rssi: float = Field(ge=-120, le=0, description="Mức thu RSSI, dBm (đạt từ -67) / RSSI")
    snr: float = Field(ge=-20, le=100, description="Tỷ số tín hiệu trên nhiễu SNR, dB (đạt từ 25) / SNR")


def _survey_short(rows: Sequence[Survey], around: Around) -> Iterable[Words]:
    weak = [row.point for row in rows if row.rssi < -67 or row.snr < 25]
    if weak:
        some = ", ".join(weak[:3])
        count = f"{len(weak)}/{len(rows)}"
        weaker = "point is" if len(rows) == 1 else "points are"
        yield Words(f"{count} điểm đo không đạt ({some})", f"{count} {weaker} weak ({some})")
    fresh = max((row.at for row in rows), default=None)
    if fresh is not None and around.moment - fresh > timedelta(days=30):
        yield Words(f"lần đo cuối {at(fresh)}, đã quá 30 ngày", f"last measured {at(fresh)}, over 30 days ago")


FORMS: tuple[Form, ...] = (
    Form(
        "mobile-bts-commissioning",
        Words("Trạm BTS lưu động", "Mobile base stations"),
        MobileStation,
        ("id",),
        _stations_short,
    ),
    Form("circuit-table", Words("Kênh, luồng theo dịch vụ", "Circuits per service"), Circuit, ("service", "name"),
         _circuits_short),
    Form(
        "priority-numbers",
        Words("Số điện thoại ưu tiên", "Priority numbers"),
        PriorityNumber,
        ("number",),
        _numbers_short,
        masked=("number",),
    ),
    Form(
        "test-calls",
        Words("Gọi thử số ưu tiên", "Test calls of priority numbers"),
        CallTest,
        ("number",),
        _calls_short,
        masked=("number",),
    ),
    Form("promotions", Words("Chương trình khuyến mãi, ưu đãi", "Promotions"), Promotion, ("name", "start"),
         _promotions_short),
    Form("stock-list", Words("Phương tiện, vật tư, thiết bị", "Vehicles, materials, equipment"), Stock,
         ("kind", "name", "place"), _stock_short),
    Form("team-list", Words("Tổ ứng cứu tại các địa điểm", "Emergency teams"), Team, ("name", "venue"), _teams_short,
         masked=("phone",)),
    Form("wifi-survey", Words("Đo phủ sóng Wifi", "WiFi survey"), Survey, ("point",), _survey_short),
)  # fmt: skip
