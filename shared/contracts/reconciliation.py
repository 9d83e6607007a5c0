"""Ours held against what the national database has, as it goes over the wire."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Incoming

RoundState = Literal["running", "done", "unfinished"]
DifferenceKind = Literal["missing", "unexpected", "status", "dates", "verdict"]
WhichDifferences = Literal["open", "closed", "all"]


class NationalRoundIn(Incoming):
    """A round to be begun."""

    from_: Day | None = Field(
        None,
        alias="from",
        description="What was received since this day is asked for, besides what is open, was told since it was looked"
        " at, or was not in step then. Default: MOTCUA_NATIONAL_RECONCILE_DAYS back",
        examples=["2026-01-01"],
    )


class InStep(BaseModel):
    """Dossiers of a round by how they stood. dossiers = in_step + on_its_way + differing + not_answered."""

    dossiers: int = Field(description="That it asked for so far", examples=[1000])
    in_step: int = Field(description="There, with the status and the dates that they should have", examples=[780])
    on_its_way: int = Field(description="Something of them was still to be sent: not compared", examples=[10])
    differing: int = Field(description="Not as they should be there", examples=[205])
    missing: int = Field(description="Of these: not there at all", examples=[200])
    not_answered: int = Field(description="Of which the national side did not tell", examples=[5])
    share: str | None = Field(
        description="in_step / dossiers, %, two decimals, rounded half up; null: it had no dossiers", examples=["78.00"]
    )


class NationalRound(InStep):
    """A round, counted over the agencies that the caller covers."""

    id: int = Field(description="The greater, the later", examples=[3])
    state: RoundState = Field(
        description="running; done: all were answered; unfinished: some were not, or nobody answered for six hours"
    )
    begun_at: datetime = Field(description="When it began")
    begun_by: str | None = Field(description="Who began it; null: it began by itself", examples=["quan.tri"])
    first_day: date = Field(description="What was received since is asked for in any case", examples=["2026-10-28"])
    tried_at: datetime | None = Field(description="When the national side was asked last")
    answered_at: datetime | None = Field(description="When it answered last")
    error: str | None = Field(description="Why it does not go on; null: it does", examples=["not answered"])
    ended_at: datetime | None = Field(description="When it ended")


class NationalRoundPage(BaseModel):
    """A page of rounds."""

    items: list[NationalRound] = Field(description="The latest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class AgencyInStep(InStep):
    """The same of one agency."""

    agency: str = Field(description="Who received the dossiers", examples=["19333"])
    name: str = Field(description="Its name", examples=["UBND phường Nam Đông Hà"])


class NationalRoundByAgency(NationalRound):
    """A round, agency by agency."""

    agencies: list[AgencyInStep] = Field(
        description="Those in force when it began that the caller covers, and others with dossiers in it, by code; one"
        " without dossiers has no share"
    )


class NationalDifference(BaseModel):
    """One thing that differs between ours and theirs."""

    id: int = Field(description="The greater, the later it was found", examples=[4711])
    dossier: str = Field(description="Code of the dossier", examples=["000.15.27.H50-261127-0001"])
    agency: str = Field(description="Who received it", examples=["19333"])
    kind: DifferenceKind = Field(
        description="missing: nothing is there; unexpected: it is, and nothing was ever sent; status; dates: of one"
        " field; verdict: by what is there the national rule says otherwise"
    )
    field: str = Field(description="Of the national side; empty: the whole", examples=["NgayHenTra"])
    ours: str | None = Field(
        description="As it should stand: a status, yyyyMMddHHmmss, how many, or on_time, overdue, not_received; null:"
        " it should be absent",
        examples=["20261204170000"],
    )
    theirs: str | None = Field(
        description="As it stands there; null: it is absent; ?: it cannot be read", examples=["20261203170000"]
    )
    why: str | None = Field(
        description="As far as it is known here: never_told; blocked or dead: the message that is stuck; lost: it was"
        " taken there once",
        examples=["dead"],
    )
    found_at: datetime = Field(description="When it was found")
    round: int = Field(description="The round that found it", examples=[3])
    last_round: int = Field(description="The round that saw it last", examples=[5])
    closed_at: datetime | None = Field(description="When it was seen no more; null: it is open")


class NationalDifferencePage(BaseModel):
    """A page of differences."""

    items: list[NationalDifference] = Field(description="The oldest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class DifferencesResendIn(Incoming):
    """Dossiers of which something differs, to be told once more as they stand now."""

    agency: Code | None = Field(
        None, description="Receiving agency, with all under it. Default: the token's", examples=["44"]
    )
    kind: DifferenceKind | None = Field(None, description="Those that differ so", examples=["missing"])


class DifferencesResend(BaseModel):
    """What was queued."""

    queued: int = Field(description="Dossiers that are told once more", examples=[136])
    left: int = Field(
        description="Dossiers of which something waits already, or is stuck: those are sent again as messages",
        examples=[2],
    )
