"""Questions, feedback and ratings: given out, and answers taken back."""

from tests.national.bodies import a_dossier, code, digits

NOT_THERE, WRONG_ITEM = -4, -8
QUESTION = {
    "HOIDAPID": 17,
    "MALINHVUC": "LV023",
    "MADONVI": "H50.101",
    "TENDONVI": "UBND phường",
    "NOIDUNG": "Bao lâu có bản sao?",
    "HOVATEN": "Nguyễn Thị Đào",
    "THUDIENTU": "dao@example.vn",
    "SODIENTHOAI": "0912345678",
}
ANSWER = {
    "HOIDAPID": 17,
    "MADONVI": "H50.101",
    "NGUOITRALOI": "Lê Văn Bình",
    "CHUCVUNGUOITRALOI": "Công chức",
    "NGAYTRALOI": "05/08/2026",
    "NOIDUNGTRALOI": "Một ngày làm việc.",
}


def test_a_question_goes_out_and_its_answer_comes_back(caller):
    caller.portal.control("POST", "questions", [QUESTION, {"HOIDAPID": 18, "NOIDUNG": "Thái độ", "LOAI": "2"}])
    given = caller.call("LayDanhSachHoiDapGuiTuDVCQG")["result"]
    assert given[0] == {**QUESTION, "TRANGTHAI": 1, "NOIDUNGTRALOI": ""}
    assert given[1]["LOAI"] == "2"
    assert caller.call("LayNoiDungTraLoiTheoCauHoi", cauhoiid=17)["result"] == []
    assert caller.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=[ANSWER])["error_code"] == 0
    assert caller.portal.control("GET", "answers") == [ANSWER]
    (answered,) = caller.call("LayNoiDungTraLoiTheoCauHoi", cauhoiid="17")["result"]
    assert (answered["NOIDUNG"], answered["NOIDUNGTRALOI"]) == (QUESTION["NOIDUNG"], ANSWER["NOIDUNGTRALOI"])
    assert caller.call("LayDanhSachHoiDapGuiTuDVCQG")["result"][0]["NGUOITRALOI"] == "Lê Văn Bình"


def test_an_answer_sent_again_is_one_answer(caller):
    caller.portal.control("POST", "questions", QUESTION)
    for text in ("Một ngày.", "Hai ngày."):
        caller.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=[{**ANSWER, "NOIDUNGTRALOI": text}])
    assert [one["NOIDUNGTRALOI"] for one in caller.portal.control("GET", "answers")] == ["Hai ngày."]


def test_an_answer_to_nothing_is_refused(caller):
    assert caller.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=[ANSWER])["error_code"] == NOT_THERE
    caller.portal.control("POST", "questions", QUESTION)
    for wrong in ({"NOIDUNGTRALOI": ""}, {"NGUOITRALOI": None}, {"x": 1}):
        answer = caller.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=[{**ANSWER, **wrong}])
        assert answer["error_code"] == WRONG_ITEM


def test_an_agencys_own_questions_are_taken_and_given(caller):
    own = {"HOIDAPID": 1, "MaLinhVuc": "LV023", "NOIDUNG": "Lệ phí?", "MADONVI": "H50.101", "TENDONVI": "UBND"}
    assert caller.call("DongBoHoiDap", data=[own])["error_code"] == 0
    assert caller.call("LayDanhSachHoiDapBoCoQuan")["result"] == [own]
    assert caller.call("DongBoHoiDap", data=[{**own, "MADONVI": ""}])["error_code"] == WRONG_ITEM


def test_ratings_go_both_ways(caller):
    rating = {
        "MaHoSo": code(),
        "LoaiDanhGia": "1",
        "NguoiDanhGia": "Nguyễn Thị Đào",
        "NoiDung": "Nhanh",
        "ThoiGian": digits("Friday 2026-08-07 15:00"),
        "DanhGia": "Rất hài lòng",
    }
    assert caller.call("DongBoDanhGia", data=[rating])["error_code"] == NOT_THERE
    caller.send(a_dossier())
    for _ in range(2):
        assert caller.call("DongBoDanhGia", data=[rating])["error_code"] == 0
    assert caller.portal.control("GET", "ratings") == [rating]
    assert caller.call("DongBoDanhGia", data=[{**rating, "ThoiGian": "hôm qua"}])["error_code"] == WRONG_ITEM
    caller.portal.control("POST", "ratings", rating)
    assert caller.call("LayDanhSachDanhGia")["result"] == [rating]


def test_a_wrong_question_is_told(portal):
    for wrong in ({"NOIDUNG": "x"}, {"HOIDAPID": 1, "NOIDUNG": "x", "y": 1}, "x"):
        answer = portal.client.post(f"{portal.address}/_control/questions", json=wrong)
        assert (answer.status_code, "Refused" in answer.text) == (400, False), (
            "told in words, not as the program has it"
        )
