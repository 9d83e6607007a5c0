"""What the portal publishes, and how a tester changes it."""

from tests.national.bodies import BIRTH, REGISTER_COPY, a_dossier
from tests.national.running import reasons


def test_the_procedures_are_those_of_the_reference_data(caller):
    found = caller.call("LayDanhSachTTHC", "share")["result"]
    assert len(found) == 2968
    assert {"MATTHC": REGISTER_COPY, "TENTTHC": "Thủ tục cấp bản sao từ sổ gốc"} in found


def test_the_agencies_are_those_of_the_province(caller):
    found = caller.call("LayDanhMucCoQuan", "share")["result"]
    assert [one["MADONVI"] for one in found[:2]] == ["000.00.00.H50", "H50.01"]
    assert len({one["MADONVI"] for one in found}) == len(found) == 95
    assert {one["CAPDONVI"] for one in found} == {"1", "2", "3"}


def test_the_fields_belong_to_who_asks(caller):
    found = caller.call("LayDanhMucLinhVuc", "share")["result"]
    assert {one["MANGANH"] for one in found} == {"000.00.00.H50"}
    assert all(one["TENLINHVUC"] and one["MALINHVUC"] for one in found)


def test_a_procedure_has_terms_per_channel(caller):
    (found,) = caller.call("LayThuTuc", maTTHC=REGISTER_COPY)["result"]
    term = {"THOIGIANGIAIQUYET": 1, "DONVITINH": "Ngày làm việc", "MOTA": "1 Ngày làm việc", "PHILEPHI": []}
    assert found["CACHTHUCTHUCHIEN"] == [{"KENH": channel, "THOIGIAN": [term]} for channel in (1, 2, 3)]
    assert found["LINHVUCTHUCHIEN"][0]["TENLINHVUC"] == "Chứng thực"
    assert found["TRANGTHAI"] == 1


def test_a_procedure_is_known_by_its_national_number(caller):
    for code in (f"{REGISTER_COPY}.000.00.00.H50", f"{REGISTER_COPY}.H56"):
        assert caller.call("LayThuTuc", maTTHC=code)["result"][0]["MATTHC"] == REGISTER_COPY
    assert caller.call("LayThuTuc", maTTHC="9.999999")["result"] == []
    assert caller.call("LayThuTuc")["error_code"] == -11


def test_a_term_that_nobody_named_is_empty(caller):
    (found,) = caller.call("LayThuTuc", maTTHC=BIRTH)["result"]
    units = {line["DONVITINH"] for way in found["CACHTHUCTHUCHIEN"] for line in way["THOIGIAN"]}
    assert units <= {"", "Ngày làm việc", "Ngày", "Giờ", "Tháng"}


def test_a_fee_is_published_per_channel(caller):
    fee = {"MAPHILEPHI": "PLP1", "SOTIEN": 8000, "DONVI": "đồng", "MOTA": "mỗi bản"}
    term = {"THOIGIANGIAIQUYET": 2, "DONVITINH": "Ngày làm việc", "MOTA": "", "PHILEPHI": [fee]}
    shape = {"MATTHC": REGISTER_COPY, "CACHTHUCTHUCHIEN": [{"KENH": 1, "THOIGIAN": [term]}]}
    assert caller.portal.control("POST", "procedures", shape) == {"changed": 1}
    (found,) = caller.call("LayThuTuc", maTTHC=REGISTER_COPY)["result"]
    assert found["CACHTHUCTHUCHIEN"][0]["THOIGIAN"][0]["PHILEPHI"] == [fee]
    assert found["TENTTHC"] == "Thủ tục cấp bản sao từ sổ gốc", "what was not named stays"


def test_a_procedure_that_is_taken_away_is_unknown(caller):
    caller.portal.control("DELETE", f"procedures/{REGISTER_COPY}")
    assert caller.call("LayThuTuc", maTTHC=REGISTER_COPY)["result"] == []
    assert reasons(caller.send(a_dossier())) == [("MaTTHC", "unknown_procedure")]
    caller.portal.control("POST", "procedures", [{"MATTHC": f"{REGISTER_COPY}.H50", "TENTTHC": "Bản sao"}])
    assert caller.send(a_dossier())["error_code"] == 0


def test_agencies_and_fields_change_too(caller):
    caller.portal.control("POST", "agencies", {"MADONVI": "H50.99", "TENDONVI": "Sở mới", "CAPDONVI": "2"})
    caller.portal.control("DELETE", "agencies/H50.01")
    codes = {one["MADONVI"] for one in caller.call("LayDanhMucCoQuan", "share")["result"]}
    assert "H50.99" in codes
    assert "H50.01" not in codes
    caller.portal.control("POST", "fields", {"MALINHVUC": "LVX", "TENLINHVUC": "Mới", "MANGANH": "G03"})
    assert {"MALINHVUC": "LVX", "TENLINHVUC": "Mới", "MANGANH": "G03"} in (
        caller.call("LayDanhMucLinhVuc", "share")["result"]
    )


def test_a_wrong_shape_is_told(portal):
    for kind, shape in (("procedures", {"MATTHC": "abc"}), ("agencies", {}), ("fields", ["x"])):
        answer = portal.client.post(f"{portal.address}/_control/{kind}", json=shape)
        assert answer.status_code == 400
