"""What was measured on a pair, as one value; the pair on one grid."""

from __future__ import annotations

from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from colibri_geo.scenes.georeference import describe_grid


@dataclass(frozen=True, repr=False)
class PairModel:
    """What a survey measured between two scenes; applied everywhere, so that no cell decides for itself.

    Attributes
    ----------
    grid : GeoBox
        The pair's grid: the finer of the two, in the before scene's CRS, over the ground of both.
    bands : tuple of str
        Common names of the bands that both scenes have, in the order of the arrays.
    quantity : str
    shift_east_m, shift_north_m : float
        Where the after image lies relative to the before image; removed when the pair is read.
    shift_spread_m : float
        Robust standard deviation of the shift over the tiles that agree.
    shift_tiles : int
        Tiles that agree; 0 where the shift could not be measured and none is removed.
    gain, offset : tuple of float
        ``before = after * gain + offset`` on unchanged ground, one a band.
    residual : tuple of float
        Robust standard deviation of what is left on unchanged ground, one a band, in the pair's quantity.
    covariance : tuple of tuple of float
        (B, B) covariance of what is left on unchanged ground.
    overlap_share : float
        Ground that both scenes cover over the ground of either, in [0, 1].
    clear_share : float
        Share of the sampled common ground that is observed on both dates, in [0, 1].
    added_before, added_after : float
        Added to the reflectance of each scene when the pair is read, before gain and offset: 0, or the Sentinel-2
        offset of 0.1 with its sign where one of the scenes had it and the other had not.
    notes : tuple of str
        What a reader of the result has to know, one sentence each.
    """

    grid: GeoBox
    bands: tuple[str, ...]
    quantity: str
    shift_east_m: float
    shift_north_m: float
    shift_spread_m: float
    shift_tiles: int
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    residual: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    overlap_share: float
    clear_share: float
    added_before: float = 0.0
    added_after: float = 0.0
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        moved = f"shift {self.shift_east_m:+.1f} m east {self.shift_north_m:+.1f} m north on {self.shift_tiles} tiles"
        return (
            f"<PairModel: {' '.join(self.bands)}, {moved if self.shift_tiles else 'shift not measured'}, "
            f"{self.clear_share:.1%} clear on both dates, {describe_grid(self.grid)}>"
        )
