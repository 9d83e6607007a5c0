"""Records of readings of personal data, as they go over the wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

DatumName = Literal["id_number", "phone", "email", "address"]


class AccessRecord(BaseModel):
    """Somebody was shown personal data unmasked."""

    id: int = Field(description="The greater, the later", examples=[4711])
    number: int = Field(description="In the chain of its agency, from 1, without a gap", examples=[12])
    at: datetime = Field(description="When", examples=["2026-11-27T08:12:05+07:00"])
    subject: str = Field(description="Who: the token's subject", examples=["staff:an"])
    role: str = Field(description="In which role; operator: by a command", examples=["counter"])
    agency: str = Field(description="For which agency", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    operation: str = Field(
        description="By which operation of this contract, or which command: exportPerson, erasePerson",
        examples=["readDossier"],
    )
    fields: list[DatumName] = Field(description="What was shown", examples=[["id_number", "phone"]])
    dossier_count: int = Field(description="Of how many dossiers", examples=[1])
    codes: list[str] = Field(
        description="Their codes; in a list of records at most the first 20", examples=[["19333-261123-0001"]]
    )
    reason: str | None = Field(None, description="Why, as the reader has said; asked for where much is read at once")
    hash: str = Field(description="SHA-256 over the hash before it in the chain and this record, hex")


class AccessRecordPage(BaseModel):
    """A page of records of readings."""

    items: list[AccessRecord] = Field(description="The newest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")
