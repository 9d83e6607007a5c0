"""An agency's working hours, as they go over the wire."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from shared.contracts.fields import Day, Incoming, LongLine, TimeOfDay


class SessionBlock(Incoming):
    """A block of work on a weekday."""

    weekday: Annotated[int, Field(strict=True, ge=0, le=5)] = Field(
        description="0 Monday … 5 Saturday; on a Sunday nobody's hours run", examples=[0]
    )
    opens: TimeOfDay = Field(description="When it begins", examples=["07:00"])
    closes: TimeOfDay = Field(description="When it ends", examples=["11:30"])


class AgencySessionsIn(Incoming):
    """The hours of an agency from a day on."""

    valid_from: Day = Field(description="First day on which they hold; tomorrow or later")
    basis: LongLine = Field(description="By which decision they were set", examples=["Quyết định 12/QĐ-UBND"])
    blocks: Annotated[list[SessionBlock], Field(max_length=40)] = Field(
        description="Each of Monday to Friday has at least one, Saturday as the agency likes. Empty: the hours of the "
        "installation hold again"
    )


class AgencySession(SessionBlock):
    """A block of work that holds, and since when."""

    valid_from: date | None = Field(description="First day on which it holds; null: from the beginning")
    valid_to: date | None = Field(description="Last day on which it holds; null: still")
    basis: str = Field(description="Where these hours come from", examples=["Quyết định 12/QĐ-UBND"])


class AgencySessions(BaseModel):
    """The hours of an agency on a day."""

    agency: str = Field(description="The agency", examples=["19333"])
    as_of: date = Field(description="The day", examples=["2026-11-23"])
    own: bool = Field(description="False: it has set none, and the installation's hold", examples=[True])
    blocks: list[AgencySession] = Field(description="By weekday and hour")
    changes_on: list[date] = Field(description="Days to come on which other hours begin")
