"""What a run was made of, in plain values that fit into a manifest and come back from it."""

from __future__ import annotations

from dataclasses import dataclass

from colibri_geo.evidence.benchmark import BenchmarkRecord
from colibri_geo.settings import Settings


@dataclass(frozen=True)
class SceneRecord:
    """One scene, without its pixels.

    Attributes
    ----------
    name : str
        File name.
    sha256 : str
    size_bytes : int
    acquired : str
        UTC, ISO 8601 with a Z; the day alone where no time of it is known.
    bands : tuple of str
        Common names.
    quantity, scaling, mask : str
        What the values are, what was applied to the stored values, which mask told cloud and shadow.
    mask_sha256 : str or None
    sensor, product_id, processing_baseline, licence : str or None
    crs : str
        EPSG code where there is one, else WKT.
    rows, cols : int
    pixel_m : float
        Side of a pixel on the ground.
    synthetic : bool
    layout : str or None
        How the archive holds it; None in a run of an older version.
    notes : tuple of str
        What a reader of the result has to know, one sentence each.
    parts : tuple of SceneRecord
        The scenes of which a mosaic is made; none of a single scene.
    sun_elevation_deg, sun_azimuth_deg : float or None
        As the archive states them: above the horizon; true, in [0, 360). None of a mosaic, and in a run of an older
        version.
    product_cloud_share : float or None
        Of the whole product, as the archive states it, in [0, 1]; None as of the sun.
    """

    name: str
    sha256: str
    size_bytes: int
    acquired: str
    bands: tuple[str, ...]
    quantity: str
    scaling: str
    mask: str
    mask_sha256: str | None
    sensor: str | None
    product_id: str | None
    processing_baseline: str | None
    licence: str | None
    crs: str
    rows: int
    cols: int
    pixel_m: float
    synthetic: bool
    layout: str | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[SceneRecord, ...] = ()
    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None
    product_cloud_share: float | None = None

    @property
    def lacks_mask(self) -> bool:
        """Whether no mask told what was not seen, of a mosaic in any part."""
        return any(part.lacks_mask for part in self.parts) if self.parts else self.mask == "none"


@dataclass(frozen=True)
class PairRecord:
    """What was measured between the scenes; see `colibri_geo.pairs.PairModel` for what each value means.

    Attributes
    ----------
    crs, metre_crs : str
        Of the pair's grid, and of axes and footprints.
    transform : tuple of float
        Pixel to map, six values.
    rows, cols : int
    pixel_m : float
    bands : tuple of str
    quantity : str
    shift_east_m, shift_north_m, shift_spread_m : float
    shift_tiles : int
    gain, offset, residual : tuple of float
        One a band.
    overlap_share, clear_share : float
    added_before, added_after : float
    notes : tuple of str
    """

    crs: str
    metre_crs: str
    transform: tuple[float, ...]
    rows: int
    cols: int
    pixel_m: float
    bands: tuple[str, ...]
    quantity: str
    shift_east_m: float
    shift_north_m: float
    shift_spread_m: float
    shift_tiles: int
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    residual: tuple[float, ...]
    overlap_share: float
    clear_share: float
    added_before: float = 0.0
    added_after: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerRecord:
    """One layer that was given: regions, area of interest, what lies around, or a file of an elevation model.

    Attributes
    ----------
    role : str
        ``country``, ``admin1``, ``admin2``, ``aoi``, ``aerodromes``, ``elevation``, or ``layer NAME`` of any other.
    name, sha256 : str
        File name and checksum.
    credit : str or None
        Source and licence, where the file or its side file states them.
    notes : tuple of str
        Repairs made on reading, such as invalid polygons mended.
    """

    role: str
    name: str
    sha256: str
    credit: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """Everything of a run but its tables.

    Attributes
    ----------
    before, after : SceneRecord
    pair : PairRecord
    layers : tuple of LayerRecord
    settings : Settings
    versions : dict of str to str
        Of colibri_geo, Python and the libraries that decide the numbers.
    probability_basis : str
        One sentence: what the probability was fitted on and which strip density it assumes.
    radar : tuple of SceneRecord
        The earlier and the later radar image, where such were given; none in a run of an older version.
    precision : str
        Of the positions in its folder, one of `colibri_geo.settings.PRECISIONS`: the run itself is ``exact``. The
        record of an edition leaves out whatever could tell more, the names and checksums of files too.
    candidates : int or None
        Lines that were measured, likely or not, of which the table holds the likely ones; None in a run of an older
        version.
    benchmark : BenchmarkRecord or None
        What was measured of the detector that made the run, at its operating point; None in a run of an older version.
    """

    before: SceneRecord
    after: SceneRecord
    pair: PairRecord
    layers: tuple[LayerRecord, ...]
    settings: Settings
    versions: dict[str, str]
    probability_basis: str
    radar: tuple[SceneRecord, ...] = ()
    precision: str = "exact"
    candidates: int | None = None
    benchmark: BenchmarkRecord | None = None

    def state_time(self, time: str) -> str:
        """Return a time of a table, as ``2025-01-10T00:00:00Z``, as its scene states it: a day alone stays one.

        Tables count a day alone from 00:00, for their times are timestamps.
        """
        scenes = (self.before, *self.before.parts, self.after, *self.after.parts)
        day, _, clock = time.partition("T")
        return day if clock == "00:00:00Z" and day in {scene.acquired for scene in scenes} else time
