"""What checks and verdicts say, in Vietnamese: each English text and its translation, with the same placeholders.

A test holds this table against `checks/texts.py`; a text without a translation is shown in English, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES_VI: Mapping[str, str] = {
    # Any subject
    "{subject} is in order": "{subject} bình thường",
    "{subject} is expected and not there": "{subject} phải có nhưng không thấy",
    "{subject} is up": "{subject} đang hoạt động",
    "{subject} is down": "{subject} không hoạt động",
    "{subject} is degraded": "{subject} hoạt động suy giảm",
    "{subject} is locked": "{subject} đang bị khóa",
    "{subject} is {state}": "{subject} ở trạng thái {state}",
    "{subject} is {state}, not {wanted}": "{subject} ở trạng thái {state}, phải là {wanted}",
    "{subject} is {state}, and nobody expects it": "{subject} ở trạng thái {state} và không có trong khai báo",
    "{subject}: the device gives no figure": "{subject}: thiết bị không cho số liệu",
    "{subject}: the device calls it {state}": "{subject}: thiết bị báo {state}",
    "{subject}: the device does not tell its state": "{subject}: thiết bị không cho biết trạng thái",
    "{subject} cannot be judged: {untold} cannot tell": "{subject}: chưa thể kết luận vì {untold} không cho biết",
    "{subject} cannot be judged: {unread} could not be read": "{subject}: chưa thể kết luận vì chưa đọc được {unread}",
    "{subject} was read only once, and its counters mean something only as a difference": (
        "{subject} mới đọc được một lần; bộ đếm chỉ có nghĩa khi so hai lần đọc"
    ),
    "{subject}: the counters were cleared between the readings": "{subject}: bộ đếm bị xóa giữa hai lần đọc",
    # Processor, memory, restart
    "{subject} at {value}% over five minutes (limit {limit}%)": "{subject} tải {value}% trong 5 phút (ngưỡng {limit}%)",
    "{subject} {value}% in use (limit {limit}%)": "{subject} đã dùng {value}% (ngưỡng {limit}%)",
    "Last restart {value} d ago (limit {limit} d)": "Khởi động lại cách đây {value} ngày (ngưỡng {limit} ngày)",
    # Environment
    "{subject} at {value} degrees (limit {limit})": "{subject}: {value} °C (ngưỡng {limit} °C)",
    "{subject}: the device calls it {state} ({broken} of {count} not in order)": (
        "{subject}: {state} ({broken} trên {count} không bình thường)"
    ),
    # Uplinks
    "{subject}: no new errors": "{subject}: không phát sinh lỗi mới",
    "{subject}: {value} new errors": "{subject}: phát sinh {value} lỗi mới",
    "{subject}: {value} new errors, more than {limit} per million bytes": (
        "{subject}: phát sinh {value} lỗi mới, quá {limit} trên một triệu byte"
    ),
    "{subject}: hardly any packet dropped": "{subject}: hầu như không rớt gói",
    "{subject}: {value} packets dropped": "{subject}: rớt {value} gói",
    "{subject}: {value} packets dropped, more than {limit} per million bytes": (
        "{subject}: rớt {value} gói, quá {limit} trên một triệu byte"
    ),
    "{subject} is shut down in the configuration": "{subject} bị tắt trong cấu hình",
    "{subject} {value}% used in its busier direction (limit {limit}%)": (
        "{subject} đã dùng {value}% ở chiều tải cao hơn (ngưỡng {limit}%)"
    ),
    "{subject} would be {value}% used with one member fewer than its {count} (limit {limit}%)": (
        "{subject} sẽ dùng {value}% nếu mất một trong {count} thành viên (ngưỡng {limit}%)"
    ),
    "{subject}: members in use {count}, so that losing one leaves nothing": (
        "{subject} chỉ có {count} thành viên đang chạy: mất một là mất hết"
    ),
    # Light
    "{subject} receives {value} dBm": "{subject} thu được {value} dBm",
    "{subject} receives {value} dBm (alarm at {limit} dBm)": "{subject} thu được {value} dBm (báo động ở {limit} dBm)",
    "{subject} receives no light ({value} dBm)": "{subject} không thu được ánh sáng ({value} dBm)",
    "{subject} receives {value} dBm, and {earlier} dBm in the baseline (limit {limit} dB)": (
        "{subject} thu được {value} dBm, lần làm mốc là {earlier} dBm (ngưỡng {limit} dB)"
    ),
    "{subject} tells nothing of light: a copper port, or a module without monitoring": (
        "{subject} không cho biết công suất quang: cổng đồng, hoặc mô-đun không có giám sát"
    ),
    # Bundles
    "{subject}: members in use {value}, all that are expected": (
        "{subject} có {value} thành viên đang chạy, đủ theo khai báo"
    ),
    "{subject}: members in use {value} (at least {limit})": (
        "{subject} có {value} thành viên đang chạy (tối thiểu {limit})"
    ),
    "{subject}: members in use {value} (expected {limit})": (
        "{subject} có {value} thành viên đang chạy (phải có {limit})"
    ),
    # Links between two devices
    "{subject} is up at both ends": "{subject} hoạt động ở cả hai đầu",
    "{subject} is down at {device}": "{subject} không hoạt động ở đầu {device}",
    "{subject}: {device} has no port {port}": "{subject}: {device} không có cổng {port}",
    "{subject}: {absent} is not part of this audit": "{subject}: {absent} không nằm trong lần kiểm tra này",
    "{subject} has {one} Mbit/s at one end and {other} at the other": (
        "{subject} có tốc độ {one} Mbit/s ở một đầu và {other} ở đầu kia"
    ),
    "{subject} has an MTU of {one} at one end and {other} at the other": (
        "{subject} có MTU {one} ở một đầu và {other} ở đầu kia"
    ),
    "{subject} leads to {wanted}": "{subject} nối đến {wanted}",
    "{subject} leads to {heard}, not to {wanted}": "{subject} nối đến {heard}, phải là {wanted}",
    "{subject} leads to port {heard} of {wanted}, not to {port}": (
        "{subject} nối đến cổng {heard} của {wanted}, phải là cổng {port}"
    ),
    "{subject} hears nobody, where {wanted} should be": "{subject} không thấy thiết bị nào, phải thấy {wanted}",
    # Routing
    "{protocol} neighbour {subject} is up": "Láng giềng {protocol} {subject} đang hoạt động",
    "{protocol} neighbour {subject} is missing": "Mất láng giềng {protocol} {subject}",
    "{protocol} neighbour {subject} is {state}, not up": (
        "Láng giềng {protocol} {subject} ở trạng thái {state}, chưa thiết lập được"
    ),
    "{protocol} neighbour {subject} is {state}, and nobody expects it": (
        "Láng giềng {protocol} {subject} ở trạng thái {state} và không có trong khai báo"
    ),
    "{protocol} neighbour {subject}: {up} of {count} adjacencies are up": (
        "Láng giềng {protocol} {subject}: {up} trên {count} quan hệ đang hoạt động"
    ),
    "No {protocol} neighbour, as expected": "Không có láng giềng {protocol}, đúng như khai báo",
    "{protocol} neighbours where none may be: {count}": (
        "{count} láng giềng {protocol} đang hoạt động trong khi không được có"
    ),
    "{peer} sends {value} prefixes": "{peer} gửi {value} tuyến",
    "{peer} is up and sends no prefix": "{peer} đang hoạt động nhưng không gửi tuyến nào",
    "{peer} sends {value} prefixes, and {earlier} in the baseline (limit -{limit}%)": (
        "{peer} gửi {value} tuyến, lần làm mốc là {earlier} (ngưỡng -{limit}%)"
    ),
    "BFD session to {subject} is up": "Phiên BFD đến {subject} đang hoạt động",
    "BFD session to {subject} is missing": "Mất phiên BFD đến {subject}",
    "BFD session to {subject} is {state}, not up": "Phiên BFD đến {subject} ở trạng thái {state}, chưa thiết lập được",
    "BFD session to {subject} is {state}, and nobody expects it": (
        "Phiên BFD đến {subject} ở trạng thái {state} và không có trong khai báo"
    ),
    "No BFD session is expected": "Không có phiên BFD nào được khai báo",
    "Default routes in use: {count}": "Có {count} tuyến mặc định đang dùng",
    "No default route is in use": "Không có tuyến mặc định nào đang dùng",
    "Ways out, backups included: {value}": "Có {value} đường ra, kể cả dự phòng",
    "Ways out, backups included: {value} (expected {limit})": "Có {value} đường ra, kể cả dự phòng (phải có {limit})",
    "No static default route hides a backup": "Không có tuyến mặc định tĩnh nào che tuyến dự phòng",
    "The static default route to {subject} is watched, so that its backup can take over": (
        "Tuyến mặc định tĩnh đến {subject} có giám sát, tuyến dự phòng có thể thay thế"
    ),
    "The static default route to {subject} has neither BFD nor tracking: "
    "if it is lost in silence, its backup never takes over": (
        "Tuyến mặc định tĩnh đến {subject} không có BFD hay theo dõi: nếu mất mà không báo, dự phòng không thay thế"
    ),
    # Gateways
    "{subject} takes no part in its group (state {state})": "{subject} không tham gia nhóm (trạng thái {state})",
    "{subject} has the address {address}, not {wanted}": "{subject} có địa chỉ {address}, phải là {wanted}",
    "{subject} is {state} and would not take its part back (no preempt)": (
        "{subject} ở trạng thái {state} và sẽ không nhận lại vai trò (không bật preempt)"
    ),
    "{subject} has {master} as its only master": "{subject} có một master duy nhất là {master}",
    "{subject} has {master} as its master, not {wanted}": "{subject} có master là {master}, phải là {wanted}",
    "{subject} has {master} as its master and no backup": "{subject} có master là {master} và không có dự phòng",
    "{subject} has {count} masters at once: {masters}": "{subject} có {count} master cùng lúc: {masters}",
    "{subject} cannot be judged: its master is not part of this audit": (
        "{subject}: chưa thể kết luận vì lần kiểm tra này không gồm thiết bị master"
    ),
    "{subject} has no master among {members}": "{subject} không có master trong số {members}",
    "{subject} has only one member, {member}": "{subject} chỉ có một thành viên là {member}",
    # Upkeep
    "The clock is synchronised": "Đồng hồ đã đồng bộ",
    "The clock is not synchronised": "Đồng hồ chưa đồng bộ",
    "The clock's source has stratum {value} (limit {limit})": "Nguồn đồng hồ ở tầng {value} (ngưỡng {limit})",
    "The clock is {value} ms off (limit {limit} ms)": "Đồng hồ lệch {value} ms (ngưỡng {limit} ms)",
    "The log goes to {hosts}": "Nhật ký được gửi đến {hosts}",
    "The log goes to no other host": "Nhật ký không được gửi đến máy chủ nào",
    "The running configuration is saved": "Cấu hình đang chạy đã được lưu",
    "The running configuration is not saved: a restart would undo it": (
        "Cấu hình đang chạy chưa được lưu: khởi động lại sẽ mất"
    ),
    "The device may be spoken to in clear text (allow_cleartext)": (
        "Thiết bị được phép truy cập không mã hóa (allow_cleartext)"
    ),
    # Base stations and cells
    "{subject} is connected": "{subject} đã kết nối",
    "{subject} is connected but not in full order": "{subject} đã kết nối nhưng chưa hoạt động đầy đủ",
    "{subject} has lost its link to the controller": "{subject} mất liên kết với bộ điều khiển",
    "The mobile station {subject} is on air": "Trạm BTS lưu động {subject} đang phát sóng",
    "The mobile station {subject} is expected and not there": (
        "Trạm BTS lưu động {subject} phải có nhưng không thấy trên bộ điều khiển"
    ),
    "The mobile station {subject} is not on air (its link is {state})": (
        "Trạm BTS lưu động {subject} chưa phát sóng (liên kết: {state})"
    ),
    "The mobile station {subject} is connected and none of its cells is on air": (
        "Trạm BTS lưu động {subject} đã kết nối nhưng không có cell nào phát sóng"
    ),
    "The mobile station {subject} has {value} of {limit} cells on air": (
        "Trạm BTS lưu động {subject} có {value} trên {limit} cell đang phát sóng"
    ),
    "Core link {subject} is up": "Liên kết mạng lõi {subject} đang hoạt động",
    "Core link {subject} is down": "Liên kết mạng lõi {subject} không hoạt động",
    "Core link {subject} is down, and nobody expects it": (
        "Liên kết mạng lõi {subject} không hoạt động và không có trong khai báo"
    ),
    "Core link {subject} is expected and not there": "Liên kết mạng lõi {subject} phải có nhưng không thấy",
    "No link to the core, as expected": "Không có liên kết mạng lõi, đúng như khai báo",
    "No alarm is active": "Không có cảnh báo nào đang hoạt động",
    "{severity} alarm {number}, {name} ({location})": "Cảnh báo {severity} {number}: {name} ({location})",
    "{subject} {value}% taken, {used} of {total} channels (limit {limit}%)": (
        "{subject} đã chiếm {value}%, {used} trên {total} kênh (ngưỡng {limit}%)"
    ),
    "{subject} is full: {used} of {total} channels taken": "{subject} đã đầy: {used} trên {total} kênh bị chiếm",
    "{subject} has no channel in service": "{subject} không có kênh nào phục vụ",
    "{subject} counts no requests for channels": "{subject} không đếm yêu cầu cấp kênh",
    "{subject} refused none of {count} requests": "{subject} không từ chối yêu cầu nào trong {count} yêu cầu cấp kênh",
    "{subject} refused {refused} of only {count} requests": (
        "{subject} từ chối {refused} trong {count} yêu cầu cấp kênh (số yêu cầu còn ít)"
    ),
    "{subject} refused {value}% of {count} requests (limit {limit}%)": (
        "{subject} từ chối {value}% trong {count} yêu cầu cấp kênh (ngưỡng {limit}%)"
    ),
    "{subject} is barred": "{subject} đang cấm truy nhập (barred)",
    "{subject} is not barred, although it should be": "{subject} không cấm truy nhập trong khi phải cấm",
    "{subject} is barred or open as it should be": "{subject} cấm hoặc mở truy nhập đúng như khai báo",
    "{subject}: the device does not tell whether it is barred": (
        "{subject}: thiết bị không cho biết có cấm truy nhập hay không"
    ),
    "This equipment does not tell whether its cells are barred": (
        "Loại thiết bị này không cho biết cell có cấm truy nhập hay không"
    ),
    # WiFi controllers and access points
    "{subject} has joined": "{subject} đã kết nối về bộ điều khiển",
    "{subject} has not joined": "{subject} chưa kết nối về bộ điều khiển",
    "{subject} is critical and has not joined": "{subject} thuộc vị trí trọng yếu và chưa kết nối về bộ điều khiển",
    "{missing} of {count} {subject} are out of service: {value}% (limit {limit}%)": (
        "{missing} trên {count} {subject} ngừng phục vụ: {value}% (ngưỡng {limit}%)"
    ),
    "{subject} has joined and lists no radio": "{subject} đã kết nối nhưng không có bộ phát sóng nào",
    "{subject} has joined and does not tell how busy its radios are": (
        "{subject} đã kết nối nhưng không cho biết tải của các bộ phát sóng"
    ),
    "{subject} lists its radios": "{subject} có số liệu của các bộ phát sóng",
    "None of the expected access points is listed": "Không thấy điểm phát Wi-Fi nào trong số phải có",
    "{subject} is switched off in the configuration": "{subject} bị tắt trong cấu hình",
    "{subject}: clients {value} (limit {limit})": "{subject} có {value} máy kết nối (ngưỡng {limit})",
    "{subject}: {value}% of airtime in use (limit {limit}%)": "{subject}: kênh bận {value}% (ngưỡng {limit}%)",
    "{subject} has {value} dBm of noise (limit {limit} dBm)": "{subject} có nhiễu nền {value} dBm (ngưỡng {limit} dBm)",
    "{subject} spreads its clients over its radios": "{subject} phân bố máy kết nối đều trên các bộ phát sóng",
    "{subject}: clients {value} on {radio}, none on its other radio (limit {limit})": (
        "{subject} có {value} máy kết nối trên {radio}, bộ phát sóng còn lại không có máy nào (ngưỡng {limit})"
    ),
    "{subject}: clients are spread": "{subject}: máy kết nối được phân bố trên các điểm phát Wi-Fi",
    "{subject}: clients {value} on {ap}, none on {others} other access points (limit {limit})": (
        "{subject}: {value} máy kết nối đều ở {ap}, {others} điểm phát Wi-Fi khác không có máy nào (ngưỡng {limit})"
    ),
    "This equipment does not tell the clients of each radio": (
        "Loại thiết bị này không cho biết số máy kết nối của từng bộ phát sóng"
    ),
    "This equipment does not count dropped packets on its ports": (
        "Loại thiết bị này không đếm gói tin bị loại trên cổng"
    ),
    "This equipment does not count errors on its ports": "Loại thiết bị này không đếm lỗi trên cổng",
    "This equipment does not tell how busy its channels are": "Loại thiết bị này không cho biết mức bận của kênh",
    "This equipment does not tell the traffic on its ports": "Loại thiết bị này không cho biết lưu lượng trên cổng",
    "This equipment does not tell when it last started": "Loại thiết bị này không cho biết lần khởi động gần nhất",
    "This equipment does not tell the noise on its channels": "Loại thiết bị này không cho biết nhiễu nền của kênh",
    "The controller is {state}, and its peer is ready": "Bộ điều khiển ở trạng thái {state}, bộ dự phòng sẵn sàng",
    "The controller is {state}, and its peer would not take over ({peer})": (
        "Bộ điều khiển ở trạng thái {state}, bộ dự phòng không thể thay thế ({peer})"
    ),
    "The controller stands alone (its peer: {peer})": "Bộ điều khiển chạy đơn lẻ (bộ dự phòng: {peer})",
    "No second controller is configured": "Không có bộ điều khiển thứ hai trong cấu hình",
    "{subject}: {active} is active": "{subject}: {active} đang hoạt động chính",
    "{subject}: {active} are active at once": "{subject}: {active} cùng hoạt động chính một lúc",
    "{subject}: neither is active": "{subject}: không bộ nào hoạt động chính",
    "RADIUS server {subject} answers": "Máy chủ RADIUS {subject} có trả lời",
    "RADIUS server {subject} does not answer": "Máy chủ RADIUS {subject} không trả lời",
    "RADIUS server {subject} does not answer, and nobody expects it": (
        "Máy chủ RADIUS {subject} không trả lời và không có trong khai báo"
    ),
    "RADIUS server {subject} is expected and not there": "Máy chủ RADIUS {subject} phải có nhưng không thấy",
    "No RADIUS server, as expected": "Không có máy chủ RADIUS, đúng như khai báo",
    # What could not be judged
    "Not measured: {fact} was not asked for": "Chưa đo được: chưa hỏi thiết bị về {fact}",
    "Not measured, the device was not reached: {reason}": "Chưa đo được, không kết nối được thiết bị: {reason}",
    "Not measured, the device did not allow it: {reason}": "Chưa đo được, thiết bị từ chối quyền: {reason}",
    "Not measured, no answer in time: {reason}": "Chưa đo được, quá thời gian chờ: {reason}",
    "Not measured, the device does not offer it: {reason}": "Chưa đo được, thiết bị không có chức năng này: {reason}",
    "Not measured, the answer was not understood: {reason}": "Chưa đo được, chưa hiểu câu trả lời: {reason}",
    "This kind of equipment cannot tell: {reason}": "Loại thiết bị này không cho biết: {reason}",
    "The check found nothing to judge": "Không có gì để kiểm tra",
    "The check broke off ({error}): please report it": "Phần kiểm tra bị lỗi ({error}): đề nghị báo lại",
    "No check applies to this device": "Không có mục kiểm tra nào áp dụng cho thiết bị này",
    "The waiver for {subject} by {by} ended on {until} and counts no longer": (
        "Miễn trừ cho {subject} do {by} cho phép đã hết hạn ngày {until} và không còn hiệu lực"
    ),
    # Verdicts
    "No device of this audit serves it": "Không có thiết bị nào trong lần kiểm tra này phục vụ",
    "Nothing was measured on the devices that serve it": "Chưa đo được gì trên các thiết bị phục vụ",
    "Not every device that serves it is part of this audit": "Lần kiểm tra này không gồm đủ các thiết bị phục vụ",
}
