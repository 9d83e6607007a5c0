"""What stands in a path, and what an answer says in its headers, as the contracts show them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Header, Path, Query

DossierCode = Annotated[
    str,
    Path(
        description="Mã hồ sơ: its code, its reference, or its code in another system", examples=["19333-261123-0001"]
    ),
]
#: As tracking takes it, and what an applicant does from outside.
TrackedCode = Annotated[str, Path(description="Its code, its reference, or its code in another system")]
Secret = Annotated[
    str | None, Query(max_length=100, description="The secret on the receipt, as its QR code carries it")
]
ReceiptSecret = Annotated[
    str | None,
    Header(
        alias="Receipt-Secret",
        max_length=100,
        description="The same where a client can send a header: an address stands in logs. It comes first",
    ),
]
CaseCode = Annotated[str, Path(description="Mã hồ sơ: the dossier's code", examples=["19333-261123-0001"])]
AgencyCode = Annotated[str, Path(description="Mã cơ quan", examples=["19333"])]
ProcedureCode = Annotated[str, Path(description="Mã thủ tục", examples=["2.000908"])]
WorkflowCode = Annotated[str, Path(description="Mã quy trình", examples=["VD-2.000908"])]

ETAG: Mapping[str, Any] = MappingProxyType(
    {"ETag": {"description": "Its version, for `If-Match`", "schema": {"type": "string", "examples": ['"2"']}}}
)
LOCATION: Mapping[str, Any] = MappingProxyType(
    {"Location": {"description": "Where it is read", "schema": {"type": "string"}}}
)


def good(status: int, description: str, *headers: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an answer that is no refusal, beside those of refusals()."""
    told: dict[str, Any] = {name: each for header in headers for name, each in header.items()}
    return {status: {"description": description, **({"headers": told} if told else {})}}
