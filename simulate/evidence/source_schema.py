"""What `sources.yaml` may say: the publications cited and the pages on which they were seen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulate.evidence.fields import Model, Slug, Text

Url = Annotated[str, Field(strict=True, pattern=r"^https?://[^\s]+$", max_length=500)]


class Source(Model):
    """A publication and the reason it is cited."""

    citation: Text
    kind: Literal["article", "abstract", "label", "review", "announcement", "registry", "guideline", "assumption"]
    why: Text
    doi: Annotated[str, Field(strict=True, pattern=r"^10\.\S+/\S+$")] | None = None
    pmid: Annotated[str, Field(strict=True, pattern=r"^[0-9]{5,9}$")] | None = None
    url: Url | None = None
    note: Text | None = None


class Page(Model):
    """A page on which figures were read; `url` is absent where only a stored copy was seen."""

    label: Text
    url: Url | None = None
    note: Text | None = None


class Sources(Model):
    """The bibliography."""

    sources: dict[Slug, Source] = Field(min_length=1)
    pages: dict[Slug, Page] = Field(default_factory=dict)
