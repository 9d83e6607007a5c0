"""Files of a dossier, as they go over the wire."""

from datetime import datetime

from pydantic import BaseModel, Field


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
