"""What the rules say in English, and the same in Vietnamese, to the letter."""

from __future__ import annotations

# fmt: off
VIETNAMESE = {
    "Operations duty (postal): nobody for 2,880 minutes: 00:00 29/04/2022 – 00:00 01/05/2022.":
        "Trực vận hành bưu chính: không có ai trong 2.880 phút: 00:00 29/04/2022 – 00:00 01/05/2022.",
    "Shift duty: nobody for 21 minutes: 14:00–14:20 29/04/2022; 23:59–24:00 30/04/2022.":
        "Trực ca: không có ai trong 21 phút: 14:00–14:20 29/04/2022; 23:59–24:00 30/04/2022.",
    "Shift duty: nobody for 2,880 minutes: 00:00 29/04/2022 – 00:00 01/05/2022.":
        "Trực ca: không có ai trong 2.880 phút: 00:00 29/04/2022 – 00:00 01/05/2022.",
    "Shift duty: too few for 2,880 minutes, at the lowest 1 of 2: 00:00 29/04/2022 – 00:00 01/05/2022.":
        "Trực ca: thiếu người trong 2.880 phút, có lúc 1/2: 00:00 29/04/2022 – 00:00 01/05/2022.",
    "A is in two places at once: Leadership duty and Emergency response, 00:00 29/04/2022 – 00:00 01/05/2022.":
        "A trực hai nơi cùng lúc: Trực lãnh đạo và Ứng cứu thông tin, 00:00 29/04/2022 – 00:00 01/05/2022.",
    "A is in two places at once: Shift duty (NOC) and Operations duty, 13:00–14:00 29/04/2022.":
        "A trực hai nơi cùng lúc: Trực ca (NOC) và Trực vận hành, 13:00–14:00 29/04/2022.",
    "A is in two places at once: Shift duty and Operations duty, 07:00–08:00 29/04/2022.":
        "A trực hai nơi cùng lúc: Trực ca và Trực vận hành, 07:00–08:00 29/04/2022.",
    "A is in two places at once: Shift duty and Operations duty, 20:00–21:00 29/04/2022.":
        "A trực hai nơi cùng lúc: Trực ca và Trực vận hành, 20:00–21:00 29/04/2022.",
    "A is listed twice: Shift duty and Shift duty, 00:00 29/04/2022 – 00:00 01/05/2022.":
        "A được ghi hai lần: Trực ca và Trực ca, 00:00 29/04/2022 – 00:00 01/05/2022.",
    "A is on leave on 29/04/2022 and has Shift duty at 22:00 29/04/2022.":
        "A nghỉ phép ngày 29/04/2022 nhưng có lịch Trực ca lúc 22:00 29/04/2022.",
    "The leader on duty is the only emergency response (A): 00:00 29/04/2022 – 00:00 01/05/2022.":
        "Lãnh đạo trực là người ứng cứu duy nhất (A): 00:00 29/04/2022 – 00:00 01/05/2022.",
    "The leader on duty is the only emergency response (A): 00:00–12:00 29/04/2022; 00:00–24:00 30/04/2022.":
        "Lãnh đạo trực là người ứng cứu duy nhất (A): 00:00–12:00 29/04/2022; 00:00–24:00 30/04/2022.",
    "A: has no 24 hours of rest in one piece in seven days (06:00 18/04/2022 – 06:01 24/04/2022).":
        "A: không có 24 giờ nghỉ liền trong bảy ngày (06:00 18/04/2022 – 06:01 24/04/2022).",
    "A: has no 24 hours of rest in one piece in seven days (06:00 18/04/2022 – 14:00 24/04/2022).":
        "A: không có 24 giờ nghỉ liền trong bảy ngày (06:00 18/04/2022 – 14:00 24/04/2022).",
    "A: rests only 11 hours 30 minutes between two shifts (14:00 29/04/2022 – 01:30 30/04/2022), less than 12 hours.":
        "A: chỉ nghỉ 11 giờ 30 phút giữa hai ca (14:00 29/04/2022 – 01:30 30/04/2022), ít hơn 12 giờ.",
    "A: rests only 8 hours between two shifts (14:00–22:00 29/04/2022), less than 12 hours.":
        "A: chỉ nghỉ 8 giờ giữa hai ca (14:00–22:00 29/04/2022), ít hơn 12 giờ.",
    "A: works 12 hours on end (07:00–19:00 29/04/2022), over 8 hours.":
        "A: trực liền 12 giờ (07:00–19:00 29/04/2022), hơn 8 giờ.",
    "A: works 13 hours on 29/04/2022, more than 12 hours.":
        "A: làm 13 giờ trong ngày 29/04/2022, hơn 12 giờ.",
    "A: works 13 hours on end (07:00–20:00 29/04/2022), over 12 hours.":
        "A: trực liền 13 giờ (07:00–20:00 29/04/2022), hơn 12 giờ.",
    "A: works 56 hours in the week of 18/04/2022, 8 hours overtime.":
        "A: làm 56 giờ trong tuần từ 18/04/2022, thêm giờ 8 giờ.",
    "A (leadership duty) needs 2 numbers and has 1.":
        "A (trực lãnh đạo) cần 2 số điện thoại, mới có 1.",
    "A (operations command) needs 2 numbers and has 1.":
        "A (trực điều hành) cần 2 số điện thoại, mới có 1.",
    "A has a number that is no telephone number (0123***890).":
        "A có số điện thoại không hợp lệ (0123***890).",
    "A has no mobile number.":
        "A không có số di động.",
    "A is on duty and not in the list.":
        "A có ca trực nhưng không có trong danh sách.",
    "The number 0912***678 is given for A and B.":
        "Số 0912***678 ghi cho A và B.",
    "Shift duty: at the end of 1 shift nobody takes over (12:00 29/04/2022; A).":
        "Trực ca: 1 lần hết ca không có người nhận (12:00 29/04/2022; A).",
    "Shift duty: in 1 change of shift the two are not together for 15 minutes (at 12:00).":
        "Trực ca: 1 lần giao ca người giao và người nhận không gối nhau đủ 15 phút (lúc 12:00).",
    "Great Hall: emergency response is short for 240 minutes (Night): 19:00–23:00 29/04/2022.":
        "Trung tâm Hội nghị tỉnh: ứng cứu thông tin thiếu người trong 240 phút (Night): 19:00–23:00 29/04/2022.",
    "Great Hall: operations duty is short for 120 minutes (Night): 19:00–20:00 29/04/2022; 22:00–23:00 29/04/2022.":
        "Trung tâm Hội nghị tỉnh: trực vận hành thiếu người trong 120 phút (Night): "
        "19:00–20:00 29/04/2022; 22:00–23:00 29/04/2022.",
    "Great Hall: operations duty is short for 240 minutes (Night): 19:00–23:00 29/04/2022.":
        "Trung tâm Hội nghị tỉnh: trực vận hành thiếu người trong 240 phút (Night): 19:00–23:00 29/04/2022.",
    "Nobody on duty may approve an emergency change for 2,880 minutes: 00:00 29/04/2022 – 00:00 01/05/2022.":
        "Không có người được duyệt thay đổi khẩn cấp trong 2.880 phút: 00:00 29/04/2022 – 00:00 01/05/2022.",
    "Park: emergency response is short for 240 minutes (Night): 19:00–23:00 29/04/2022.":
        "Công viên Ao Bà Om: ứng cứu thông tin thiếu người trong 240 phút (Night): 19:00–23:00 29/04/2022.",
    "Park: operations duty is short for 240 minutes (Night): 19:00–23:00 29/04/2022.":
        "Công viên Ao Bà Om: trực vận hành thiếu người trong 240 phút (Night): 19:00–23:00 29/04/2022.",
    "The duty list has changed since it was sent at 00:00 26/04/2022: send the new version.":
        "Danh sách trực đã thay đổi sau lần gửi 00:00 26/04/2022: gửi lại bản mới.",
    "The duty list has not been sent and is late: it is due before 00:00 28/04/2022.":
        "Danh sách trực chưa gửi và đã quá hạn: hạn trước 00:00 28/04/2022.",
    "The duty list has not been sent: it is due before 00:00 28/04/2022.":
        "Danh sách trực chưa gửi: hạn trước 00:00 28/04/2022.",
    "The duty list was sent at 00:00 28/04/2022, after the deadline (00:00 28/04/2022).":
        "Danh sách trực gửi lúc 00:00 28/04/2022, sau hạn 00:00 28/04/2022.",
    "Shift duty: nobody stands by.":
        "Trực ca: chưa có người dự bị.",
    "Shift duty: those who stand by (S) are taken for 1,440 minutes: 00:00–24:00 29/04/2022.":
        "Trực ca: người dự bị (S) bận trong 1.440 phút: 00:00–24:00 29/04/2022.",
    "Shift duty: those who stand by (S) are taken for 480 minutes: 06:00–14:00 29/04/2022.":
        "Trực ca: người dự bị (S) bận trong 480 phút: 06:00–14:00 29/04/2022.",
    "On duty: nobody knows RAN for 1,440 minutes: 00:00–24:00 30/04/2022.":
        "Ca trực: thiếu chuyên môn RAN trong 1.440 phút: 00:00–24:00 30/04/2022.",
    "Shift duty: nobody knows IP for 2,880 minutes: 00:00 29/04/2022 – 00:00 01/05/2022.":
        "Trực ca: thiếu chuyên môn IP trong 2.880 phút: 00:00 29/04/2022 – 00:00 01/05/2022.",
}
