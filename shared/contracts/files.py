"""Files of a dossier, as they go over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.contracts.fields import Incoming

#: DuocTaiSuDung of the national database; what 1 and 2 mean stands in its own documents.
Reused = Annotated[int, Field(strict=True, ge=0, le=2)]


class FileMarksIn(Incoming):
    """What is said of a file, all of it: what is left out nobody has said."""

    digitised: bool | None = Field(
        None, strict=True, description="Đã số hóa (DuocSoHoa): the agency made it of a paper", examples=[True]
    )
    reused: Reused | None = Field(
        None, description="Tái sử dụng (DuocTaiSuDung): 0 no; 1, 2 as the national database numbers it", examples=[0]
    )
    from_store: bool | None = Field(
        None,
        strict=True,
        description="Lấy từ kho dữ liệu điện tử (DuocLayTuKhoDMQG): it came from the store of results",
        examples=[False],
    )


class FileMark(BaseModel):
    """What was said of a file at one time; null: nobody had said."""

    n: int = Field(description="1 is the first; the last holds", examples=[1])
    digitised: bool | None = Field(description="Đã số hóa", examples=[True])
    reused: Reused | None = Field(description="Tái sử dụng", examples=[0])
    from_store: bool | None = Field(description="Lấy từ kho dữ liệu điện tử", examples=[False])
    marked_at: datetime = Field(description="When it was said", examples=["2026-11-27T08:12:05+07:00"])
    marked_by: str = Field(description="By whom: the token's subject", examples=["staff:an"])
    agency: str = Field(description="For which agency they acted", examples=["19333"])


class FileMarks(BaseModel):
    """All that was ever said of a file."""

    items: list[FileMark] = Field(description="The latest first")


class DossierFile(BaseModel):
    """A scan or an electronic paper of a dossier."""

    id: str = Field(description="Its id", examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"])
    name: str = Field(description="What it is called, made safe to keep", examples=["Giấy chứng sinh.pdf"])
    component: str | None = Field(
        None, description="Which paper it is, as its sender called it", examples=["Giấy chứng sinh"]
    )
    media_type: str = Field(description="As its bytes tell", examples=["application/pdf"])
    size: int = Field(description="In bytes", examples=[183204])
    sha256: str = Field(
        description="SHA-256 of its content, hex",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    uploaded_at: datetime = Field(description="When it was sent", examples=["2026-11-27T08:12:05+07:00"])
    uploaded_by: str = Field(description="By whom: the token's subject", examples=["staff:an"])
    agency: str = Field(description="For which agency the sender acted", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    digitised: bool | None = Field(None, description="Đã số hóa; null: nobody has said", examples=[True])
    reused: Reused | None = Field(
        None, description="Tái sử dụng, as the national database numbers it; null: nobody has said", examples=[0]
    )
    from_store: bool | None = Field(
        None, description="Lấy từ kho dữ liệu điện tử; null: nobody has said", examples=[False]
    )
    marks_version: int = Field(0, description="ETag of what was said of it; 0: nothing was", examples=[1])
    marked_at: datetime | None = Field(None, description="When it was last said")
    marked_by: str | None = Field(None, description="By whom", examples=["staff:an"])
    replaces: str | None = Field(None, description="The id of the version before")
    replaced_by: str | None = Field(None, description="The id of the version after; null: this is the latest")
    erased_at: datetime | None = Field(None, description="When name and content were taken away by a decision")
    content: str | None = Field(
        description="Where its content is read; null: erased",
        examples=["/v1/dossiers/19333-261123-0001/files/3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10/content"],
    )


class DossierFiles(BaseModel):
    """All files of a dossier."""

    items: list[DossierFile] = Field(description="In the order in which they were sent; at most 200")
