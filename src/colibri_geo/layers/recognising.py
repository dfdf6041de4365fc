"""Whether a file is a layer; nothing that reads one is imported for a file that is none."""

from __future__ import annotations

from pathlib import Path

from colibri_geo.layers.ourairports import has_columns
from colibri_geo.layers.sources import ENDINGS, MAX_TEXT_BYTES, recognise_layer
from colibri_geo.scenes.archives import identify_archive
from colibri_geo.scenes.bundle import open_bundle
from colibri_geo.scenes.files import IMAGE_ENDINGS


def is_layer(path: Path) -> bool:
    """Tell whether what no reader of images takes is a vector layer, a table of points, or an archive of layers.

    See `colibri_geo.layers.sources.recognise_layer`. Of an archive the error of
    `colibri_geo.layers.inspecting.inspect_layer` says what to do.
    """
    if recognise_layer(path):
        return True
    if not path.is_file() or path.stat().st_size > MAX_TEXT_BYTES:
        return False
    if identify_archive(path) is not None:
        endings = {Path(name).suffix.lower() for name in open_bundle(path).names}
        return not endings.isdisjoint(ENDINGS) and endings.isdisjoint(IMAGE_ENDINGS)
    return has_columns(path)
