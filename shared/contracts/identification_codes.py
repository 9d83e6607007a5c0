"""National identification codes of agencies on the wire: which are entered, by whose decision, what was before."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from shared.contracts.fields import Incoming, Reasoning, ShortLine
from shared.domain.vietnamese import normalised

#: A province of 34 has some 200 units.
MOST_CODES = 500
#: A cell of a list, empty ones too: whether it is a code is judged for all at once, and all that is wrong is told.
Cell = Annotated[str, StringConstraints(max_length=60), AfterValidator(normalised)]


class IdentificationCodeIn(Incoming):
    """The identification code of one agency."""

    agency: Cell = Field(description="Code of an agency in force today", examples=["19333"])
    identification_code: Cell = Field(
        description="Mã định danh điện tử, in the old form (000.15.21.H50) or the new one", examples=["H50.142"]
    )


class IdentificationCodesIn(Incoming):
    """Identification codes of agencies, and the decision that gives them. All go in, or none."""

    decision: ShortLine = Field(description="Number of the decision", examples=["512/QĐ-UBND"])
    reason: Reasoning | None = Field(None, description="Why, for the record", examples=["Cấp mã cho các xã mới"])
    codes: Annotated[list[IdentificationCodeIn], Field(min_length=1, max_length=MOST_CODES)] = Field(
        description="Each agency once", examples=[[{"agency": "19333", "identification_code": "H50.142"}]]
    )


class IdentificationCodesEntered(BaseModel):
    """What became of a list of identification codes."""

    changed: int = Field(description="Agencies that have another code from now on; they are on record", examples=[1])
    unchanged: int = Field(description="Agencies that had their code already", examples=[0])


class IdentificationEntry(BaseModel):
    """An identification code that was entered for an agency."""

    id: int = Field(description="The greater, the later it was entered", examples=[7])
    agency: str = Field(description="Code of the agency", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    identification_code: str = Field(description="The code that it has since", examples=["H50.142"])
    before: str | None = Field(description="The one that it had before; null: none", examples=[None])
    decision: str = Field(description="Number of the decision", examples=["512/QĐ-UBND"])
    reason: str | None = Field(description="Why; null: nobody said", examples=["Cấp mã cho các xã mới"])
    actor: str = Field(description="Who entered it", examples=["admin@44"])
    for_agency: str = Field(description="For which agency", examples=["44"])
    recorded_at: datetime = Field(description="When it was entered")


class IdentificationEntryPage(BaseModel):
    """What was entered, the latest first."""

    items: list[IdentificationEntry]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
