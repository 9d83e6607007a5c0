"""The versions of the indicator set, as data: `rule_versions.json` beside this file, or the file that the setting
MOTCUA_INDEX_766_FILE names in its place. How to write one: docs/index-766.md."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.contracts.index_766 import ReasonName, ScopeName

_OURS = Path(__file__).with_name("rule_versions.json")

#: What can be counted from dossiers and the catalogue.
DataName = Literal["progress", "full_online_dossiers", "online_procedures", "channels"]
Points = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
Words = Annotated[str, Field(min_length=1)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScoreRule(_Data):
    """How a share becomes a score. share: maximum × share / threshold, `capped` at the maximum; shown: no score is
    given; unknown: it is not known how. when_nothing: what is scored where there is nothing to divide by."""

    kind: Literal["share", "shown", "unknown"]
    threshold: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    when_nothing: Literal["null", "zero", "full"] = "null"
    capped: bool = True


class MetricRule(_Data):
    """One indicator. data: what it is computed from; None: this system cannot, and `reason` and `why` say so."""

    no: int
    code: Words
    code_is_ours: bool
    name_vi: Words
    name_en: Words
    scope: list[ScopeName]
    max: Points | None
    rule: ScoreRule
    formula: Words
    data: DataName | None
    reason: ReasonName | None
    why_vi: str | None
    why_en: str | None
    source: Words
    confirmed: bool

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        scored = self.data is not None and self.rule.kind == "share" and self.max is not None
        if not scored and not (self.reason and self.why_vi and self.why_en):
            raise ValueError(f"{self.code}: what is not scored needs a reason, why_vi and why_en")
        return self


class GroupRule(_Data):
    """Indicators with a maximum together. null_is_zero: what has no score counts nothing while the maximum stays."""

    code: Words
    name_vi: Words
    name_en: Words
    max: Points
    null_is_zero: bool
    formula: Words
    source: Words
    confirmed: bool
    metrics: Annotated[list[MetricRule], Field(min_length=1)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        maxima = [metric.max for metric in self.metrics if metric.max is not None]
        if any(maxima) and sum(maxima) != self.max:
            raise ValueError(f"{self.code}: the maxima of its metrics are {sum(maxima)} together, not {self.max}")
        return self


class Contribution(_Data):
    """Another index that these numbers bear on."""

    index: Words
    text_vi: Words
    text_en: Words
    groups: list[str]
    source: Words
    confirmed: bool


class RuleVersion(_Data):
    """The indicator set as it holds in a period."""

    version: Words
    title: Words
    valid_from: date
    valid_to: date | None
    source: Words
    confirmed: bool
    note_vi: str
    note_en: str
    groups: Annotated[list[GroupRule], Field(min_length=1)]
    contributes_to: list[Contribution]

    def in_force(self, day: date) -> bool:
        """Whether it holds on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @model_validator(mode="after")
    def _names_are_names(self) -> Self:
        codes = [group.code for group in self.groups]
        metrics = [metric.code for group in self.groups for metric in group.metrics]
        if len({*codes}) < len(codes) or len({*metrics}) < len(metrics):
            raise ValueError(f"{self.version}: a code of a group or metric stands twice")
        if strange := {name for one in self.contributes_to for name in one.groups} - {*codes}:
            raise ValueError(f"{self.version}: contributes_to names no group: {', '.join(sorted(strange))}")
        return self


class _RuleFile(_Data):
    versions: Annotated[list[RuleVersion], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        ordered = sorted(self.versions, key=lambda version: version.valid_from)
        if len({version.version for version in ordered}) < len(ordered):
            raise ValueError("two versions have one name")
        for before, after in pairwise(ordered):
            if before.valid_to is None or before.valid_to >= after.valid_from:
                raise ValueError(f"{before.version} and {after.version} hold on one day")
        return self


class BrokenRuleFile(Exception):
    """The file of rule versions cannot be used; the message names each fault, one a line."""


@lru_cache(maxsize=4)
def rule_versions(path: Path | None) -> tuple[RuleVersion, ...]:
    """The versions in `path`, or those that come with the product. Read once: another file holds from the next start.
    Raises BrokenRuleFile."""
    file = path or _OURS
    try:
        return tuple(_RuleFile.model_validate_json(file.read_bytes()).versions)
    except OSError as error:
        raise BrokenRuleFile(f"MOTCUA_INDEX_766_FILE: {file}: {error.strerror}") from None
    except ValidationError as error:
        faults = (f"  {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        raise BrokenRuleFile("\n".join((f"MOTCUA_INDEX_766_FILE: {file}:", *faults))) from None
