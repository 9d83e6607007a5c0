"""The forms of a dossier, as they go over the wire: which there are. The forms themselves are files."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

#: Of one dossier; the ledger is an agency's.
FormName = Literal["receipt", "supplement", "refusal", "apology", "stop", "control-slip"]
FormatName = Literal["pdf", "docx"]


class DossierForm(BaseModel):
    """One edition of a form of a dossier."""

    form: FormName = Field(description="What it is for; the number changes with the circular", examples=["receipt"])
    number: str | None = Field(
        description="Its number in the circular of that day; null: a letter that no circular has", examples=["01"]
    )
    title: str = Field(examples=["Giấy tiếp nhận hồ sơ và hẹn trả kết quả"])
    legal_basis: str = Field(
        description="The circular in force on the day of the edition; of a letter that none has, the decree",
        examples=["01/2018/TT-VPCP"],
    )
    paper: str = Field(description="Its size: A5, or A4", examples=["A5"])
    confirmed: bool = Field(description="false: its printed body in the circular was not read", examples=[True])
    basis: str = Field(description="Where its name and body come from", examples=["name: art. 9"])
    edition: int = Field(description="1 is the first; each stays what it was", examples=[1])
    current: bool = Field(description="Whether it is the newest of its kind")
    complete: bool = Field(
        description="false: a linked dossier's receipt without the receiving unit's own date. The next edition has it,"
        " about a second after the reception"
    )
    required: bool = Field(
        description="false: the receipt of a same-day procedure, given if asked (NĐ 61/2018 art. 17(4))"
    )
    made_at: datetime = Field(description="When what it says happened", examples=["2019-07-22T10:30:00+07:00"])
    pdf: str = Field(description="Where it is as PDF/A-2b", examples=["/v1/dossiers/X/forms/receipt.pdf?edition=1"])
    docx: str = Field(description="Where it is as DOCX", examples=["/v1/dossiers/X/forms/receipt.docx?edition=1"])


class DossierForms(BaseModel):
    """The forms that a dossier has now, all editions of each."""

    items: list[DossierForm]
