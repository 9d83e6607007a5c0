"""The papers of a dossier, as they go over the wire."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from shared.contracts.components import PaperForm, PaperKind
from shared.contracts.files import Reused
from shared.contracts.intake import RejectReason


class PaperHandedIn(BaseModel):
    """A paper that reception or a supplement says was handed in."""

    name: str = Field(description="What it is called", examples=["Giấy chứng sinh"])
    kind: PaperKind = Field(description="In which form", examples=["original"])
    count: int = Field(description="How many of it", examples=[1])


class FileHandedIn(BaseModel):
    """A file, by its id in `GET /v1/dossiers/{code}/files`."""

    id: str = Field(description="Its id", examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"])
    name: str = Field(description="What it is called", examples=["Giấy chứng sinh.pdf"])
    latest: bool = Field(description="False: a newer version is in its place", examples=[True])
    digitised: bool | None = Field(description="Đã số hóa; null: nobody has said", examples=[True])
    reused: Reused | None = Field(description="Tái sử dụng; null: nobody has said", examples=[0])
    from_store: bool | None = Field(description="Lấy từ kho dữ liệu điện tử; null: nobody has said", examples=[False])


class ComponentHeld(BaseModel):
    """A component that is asked for, and what is there of it."""

    code: str = Field(description="Its code", examples=["GT.01"])
    name: str = Field(description="What it is called", examples=["Giấy chứng sinh"])
    required: bool = Field(description="False: only where it applies", examples=[True])
    forms: list[PaperForm] = Field(description="In which forms it is asked for")
    papers: list[PaperHandedIn] = Field(description="Handed in, by its code or name")
    files: list[FileHandedIn] = Field(description="Sent under its code or name")
    missing: bool = Field(description="Nothing of it is there", examples=[False])
    lacks: list[PaperForm] = Field(
        description="Of which forms fewer are on record than are asked for, and how many fewer; a file is one "
        "electronic copy"
    )


class ResultDocument(BaseModel):
    """The document that is the result. Its words are null once they were erased."""

    seq: int = Field(description="Number of the event that recorded it", examples=[5])
    recorded_at: datetime = Field(description="When that was recorded")
    recorded_by: str = Field(description="By whom", examples=["handler@19333"])
    for_agency: str = Field(description="For which agency they acted", examples=["19333"])
    number: str | None = Field(description="Số, ký hiệu", examples=["125/GCN-UBND"])
    issued_on: date | None = Field(description="Its date", examples=["2026-11-27"])
    name: str | None = Field(description="What it is called", examples=["Bản sao trích lục khai sinh"])
    code: str | None = Field(description="Its code in the store of results", examples=["000.00.00.G09-KQ002269"])
    signed_by: str | None = Field(description="Who signed it", examples=["Trần Văn Bình"])
    file: str | None = Field(description="The id of its file", examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"])
    sha256: str | None = Field(description="SHA-256 of that file, as it was when it was recorded")
    reason: str | None = Field(description="Of a correction: why", examples=["Ghi nhầm số"])


class DossierDocuments(BaseModel):
    """What a dossier's procedure asks for, held against what is there."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    procedure: str = Field(description="Its procedure", examples=["1.001193"])
    asked_on: date = Field(description="The day whose list holds for it: it was handed in then")
    entered: bool = Field(description="False: nobody has entered what was asked for on that day", examples=[True])
    complete: bool | None = Field(
        description="Something is there of everything that is required; null: what is required is not known. It holds "
        "nothing up"
    )
    components: list[ComponentHeld] = Field(description="Each that is asked for, in the list's order")
    unasked_papers: list[PaperHandedIn] = Field(description="Handed in, and asked for by no component")
    unasked_files: list[FileHandedIn] = Field(description="Sent, and asked for by no component")
    result_files: list[FileHandedIn] = Field(description="Sent by the agency as `component=result`")
    result: ResultDocument | None = Field(description="The result as it stands; null: none is recorded")
    earlier_results: list[ResultDocument] = Field(
        description="What was recorded before: corrected since, or taken back with the finish; the latest first"
    )
    national_blockers: list[RejectReason] = Field(
        description="What the national database needs of these papers and is not there; nothing is put in its place"
    )
