"""Hostile inputs by what they try. A text carries the MARK: where it comes back can be seen."""

#: No word of ours. Whatever is refused does not repeat it.
MARK = "Zyxwvut"

SQL = (
    f"{MARK}' OR '1'='1' --",
    f"{MARK}'); DROP TABLE dossier; --",
    f'{MARK}" UNION SELECT id_number FROM applicant --',
    f"{MARK}\\'; SELECT pg_sleep(5); --",
    f"{MARK} $1 :agency %(code)s %s ?",
    f"{MARK}%_%_%",
)
TEMPLATES = (
    f"{MARK} {{{{7*7}}}} ${{7*7}} #{{7*7}} <%= 7*7 %>",
    f"{MARK} {{0.__class__.__mro__}} {{field}} %n %x",
    f'{MARK} #eval("1") #read("/etc/passwd") $ x _ * `',
    f"{MARK} <script>alert(1)</script> <!-- ]]> &lt;&xxe;",
)
PATHS = (
    f"../../../../etc/{MARK}",
    f"..\\..\\{MARK}.exe",
    f"/proc/self/environ#{MARK}",
    f"file:///etc/{MARK}",
    f"%2e%2e%2f{MARK}",
)
FORMULAS = (
    f'=HYPERLINK("http://127.0.0.1/{MARK}","Xem")',
    f"+cmd|' /C calc'!{MARK}",
    f"-2+3+{MARK}",
    f"@SUM(1+1)*{MARK}",
    f"\t={MARK}",
    f"\r={MARK}",
    f"＝{MARK}",
)
LINES = (
    f"{MARK}\r\nSet-Cookie: a=b",
    f"{MARK}\n{{}}",
    f"{MARK}\x1b[31m",
    f"{MARK}\x7f",
    f"\x00{MARK}",
    f"{MARK}\ufffe",
)
UNICODE = (
    f"{MARK} \u202egnp.exe\u202c",  # reads backwards
    f"{MARK}\u200b\u200d\u2060",  # nothing is seen of it
    f"{MARK} \ufeff",
    f"{MARK} Nguye\u0302\u0303n",  # NFD, of which NFC is kept
    f"{MARK} Ａｄｍｉｎ аdmіn",  # other letters that look alike
    f"{MARK} \U0001f468\u200d\U0001f469\u200d\U0001f467 \U000e0041",
    f"{MARK} " + "a" + "\u0301" * 60,
    f"{MARK} ﷺ İ ß ŉ",  # which grow when they are folded
)
LONG = (MARK * 30, MARK * 150, MARK * 3_000)
TEXTS = (*SQL, *TEMPLATES, *PATHS, *FORMULAS, *LINES, *UNICODE, *LONG)

NUMBERS = (
    *("-1", "0", "00", "-0", "1.5", "1e3", "1e400", "-1e400", "NaN", "Infinity", "0x10", "1_000", "٣", "１", " 1"),
    *(str(2**31 - 1), str(2**31), str(2**63 - 1), str(2**63), str(-(2**63) - 1), str(2**64), "9" * 400, "9" * 5_000),
)
DAYS = (
    *("0000-01-01", "0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31", "10000-01-01", "-0001-01-01"),
    *("2019-02-29", "2019-06-31", "2019-W26", "20190630", "today", "2019-06-30'--", "1900-01-01", "2200-12-31"),
)
INSTANTS = (
    *("2016-12-31T23:59:60Z", "2019-06-30T24:00:00+07:00", "2019-06-30T08:00:00", "2019-06-30T08:00:00+99:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1900-01-01T00:00:00+07:00", "1e400", "0"),
    *("2200-12-31T23:59:59.999999+07:00", "2019-06-30T08:00:00.123456789123456789+07:00", "2019-06-30T08:00:00+23:59"),
)
#: JSON that is none, or not what a field is, as it goes over the wire.
RAW = (
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'" "',
    b"-1",
    b"0",
    b"1.5",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"NaN",
    b"Infinity",
    b"01",
    str(2**31).encode(),
    str(2**63 - 1).encode(),
    str(2**63).encode(),
    str(2**64).encode(),
    b"9" * 4_000,
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\u0000"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"[" * 500 + b"]" * 500,
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'{"__proto__":{"role":"admin"}}',
    b'{"' + MARK.encode() + b'":1}',
)
#: The same, and much of it.
HEAVY = (
    b"9" * 5_000,
    b"1" + b"0" * 100_000,
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" + b",".join([b"{}"] * 5_000) + b"]",
    b'"' + b"x" * 500_000 + b'"',
)
#: Whole bodies that are no JSON of ours: other encodings, names that stand twice, something beside, far too deep.
WHOLE = (
    b"",
    b" \n",
    b"\0",
    b"\xef\xbb\xbf{}",
    *("{}".encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    b'{"reason":"\xc0\xaf\xe0\x80\xaf\xf8"}',
    f'{{"{MARK}":"Đơn"}}'.encode("cp1258", "replace"),
    f'{{"reason":"a","reason":"{MARK}"}}'.encode(),
    f'{{"applicant":{{"name":"a","name":"{MARK}"}}}}'.encode(),
    b'{"reason":"a","re\\u0061son":"b"}',
    b"{} {}",
    b'{"reason":"a",}',
    b"{/**/}",
    b"{'reason':'a'}",
    b'{"reason":"\\ud800","note":"\\udfff\\ud800"}',
    b'{"version":1e400,"limit":-1e999}',
    b'{"' + b"9" * 5_000 + b'":' + b"9" * 5_000 + b"}",
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b"{" + b",".join(b'"%d":1' % number for number in range(20_000)) + b"}",
    f'{{"x{MARK}":1}}'.encode(),
)
#: What a body may say that it is, and is not taken for JSON; and what is.
CONTENT_TYPES = (
    *("application/json; charset=utf-16", "application/json; charset=latin1", 'application/json;charset="', "*/*"),
    *("text/json", "application/problem+json", "application/vnd.api+json", "text/plain", "application/xml"),
    *("application/x-www-form-urlencoded", f"multipart/form-data; boundary={MARK}", "APPLICATION/JSON", ""),
)
#: Bytes of an address that are no text, or an odd one.
ESCAPED = ("%ff", "%ed%a0%80", "%00", "%c0%af", "%0d%0aX:1", "%u0041", "%25%30%30", "+", "%26a=b", "%3f", "%23")
