"""How an applicant rates a dossier that has ended, as it goes over the wire."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from shared.contracts.fields import Incoming, Reasoning

RatingLevel = Literal["very_satisfied", "satisfied", "unsatisfied"]
#: The nine indices of TT 01/2018/TT-VPCP art. 13-15, in their order.
CriterionName = Literal[
    "total_time",
    "agency_time",
    "contacts",
    "agencies_contacted",
    "organisation",
    "publicity",
    "attitude",
    "feedback_handling",
    "online_progress",
]
RATING_LEVELS: tuple[RatingLevel, ...] = get_args(RatingLevel)
CRITERION_NAMES: tuple[CriterionName, ...] = get_args(CriterionName)

_Points = Annotated[int, Field(strict=True, ge=0, le=2)] | None


class RatingPointsIn(Incoming):
    """Points by the nine indices of TT 01/2018/TT-VPCP: 2, 1 or 0 each; what is left out was not rated."""

    total_time: _Points = Field(None, description="Thời gian giải quyết: shorter, as appointed, longer", examples=[2])
    agency_time: _Points = Field(None, description="Thời gian của từng cơ quan: the time of each agency", examples=[1])
    contacts: _Points = Field(None, description="Số lần liên hệ để hoàn thiện hồ sơ: none, one, more", examples=[2])
    agencies_contacted: _Points = Field(None, description="Số cơ quan phải liên hệ: none, one, more", examples=[2])
    organisation: _Points = Field(None, description="Việc tổ chức tại Bộ phận Một cửa", examples=[2])
    publicity: _Points = Field(None, description="Công khai thủ tục: both places, one, none", examples=[2])
    attitude: _Points = Field(None, description="Thái độ của công chức", examples=[2])
    feedback_handling: _Points = Field(None, description="Xử lý phản ánh, kiến nghị", examples=[1])
    online_progress: _Points = Field(None, description="Cung cấp dịch vụ trực tuyến", examples=[1])


class RatingIn(Incoming):
    """What the applicant thinks of how the dossier was dealt with."""

    level: RatingLevel = Field(description="Rất hài lòng, hài lòng, không hài lòng", examples=["satisfied"])
    criteria: RatingPointsIn | None = Field(None, description="Points, where the applicant gives any")
    words: Reasoning | None = Field(None, description="In their own words", examples=["Cán bộ hướng dẫn tận tình"])


class _Rated(BaseModel):
    level: RatingLevel = Field(description="Rất hài lòng, hài lòng, không hài lòng", examples=["satisfied"])
    criteria: dict[CriterionName, int] = Field(description="Points that were given", examples=[{"attitude": 2}])
    words: str | None = Field(description="In the applicant's own words; null: none, or erased")
    rated_at: datetime = Field(description="When it was first given: of that day it is counted")
    changed_at: datetime | None = Field(description="When it was last changed")


class Rating(_Rated):
    """A rating as its giver sees it."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    changeable_until: datetime = Field(description="The instant from which on it stands")


class ListedRating(_Rated):
    """A rating in a list. Who gave it is not told (NĐ 61/2018 art. 27(3)): neither the applicant nor the dossier."""

    agency: str = Field(description="The agency that received the dossier when it was rated", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])


class RatingPage(BaseModel):
    """Ratings, the latest first."""

    items: list[ListedRating]
    next: str | None = Field(description="Cursor of the next page, null at the end")
