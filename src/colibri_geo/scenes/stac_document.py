"""A JSON file of STAC as one of several places where scenes are looked for: what its items lead to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from colibri_geo.documents import METADATA, parse_json
from colibri_geo.errors import CorruptInput, UnsafeSource
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.stac import read_stac, resolve_href
from colibri_geo.scenes.stac_item import Fields, StacAsset, parse_item, split_items


@dataclass(frozen=True)
class StacDocument:
    """A JSON file of STAC.

    Attributes
    ----------
    path : Path
    items : tuple of Fields
        Empty for a catalogue or a collection, which only leads to items.
    """

    path: Path
    items: tuple[Fields, ...]

    def list_led(self) -> frozenset[Path]:
        """Return where the files lie that its items lead to, resolved; not what lies at an address or elsewhere."""
        folder = self.path.parent.resolve()
        return frozenset(
            place
            for item in self.items
            for asset in parse_item(item, source=self.path.name).assets
            if (place := _find_asset(asset, folder)) is not None
        )

    def read(self) -> tuple[Product, ...]:
        """Read its items."""
        if len(self.items) == 1:
            return (read_stac(self.path),)
        names = [item.text("id") for item in self.items]
        return tuple(read_stac(self.path, item=name) for name in names)


def _find_asset(asset: StacAsset, folder: Path) -> Path | None:
    try:
        return resolve_href(asset, folder, source=folder.name)
    except (CorruptInput, UnsafeSource, OSError):  # of what is read, reading the item says so
        return None


def parse_document(path: Path, content: bytes) -> StacDocument:
    """Take the content of a JSON file of STAC apart."""
    if len(content) > METADATA.size_bytes:
        return StacDocument(path, (Fields({}),))  # too large: reading it says so
    document = parse_json(content, name=path.name, expected="a STAC item")
    if isinstance(document, dict) and document.get("type") in {"Catalog", "Collection"}:
        return StacDocument(path, ())
    return StacDocument(path, split_items(document, source=path.name))
