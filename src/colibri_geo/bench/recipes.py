"""What user scripts do today, as peers to compare with: three recipes on one picture of change.

All three get the same as the detector: both images on one grid, the shift removed, the gain of the dates matched, cloud
and shadow masked. Their change is the loss of NDVI, or where there is no near infrared the rise of red, over its robust
standard deviation. Pixels not observed show no change. Each then joins its pieces along a line and keeps what is 350 m
long or longer, a length that is asked for after the joining alone.

Settings are chosen for recall: of a search over a grid, those that find most of the new strips of ordinary and faint
contrast together with at most 300 false alarms per 1,000 km2, on the development seeds 100 to 117 of the groups
``ordinary`` and ``faint`` (36 scenes, 1,475 km2, 175 strips; 300 as a whole number: 300.4 was let pass). For change of
red the same are used. What they reach there, and on the seeds 118 to 124, which were not searched (14 scenes, 573 km2,
68 strips), each time ordinary / faint:

===========  ===========  ===================  ==================  ===========================
recipe       recall       false per 1,000 km2  recall, unsearched  false per 1,000, unsearched
===========  ===========  ===================  ==================  ===========================
regionprops  0.84 / 0.38  275 / 235            0.74 / 0.42         171 / 227
sato-hough   0.87 / 0.41  297 / 264            0.71 / 0.42         216 / 185
opencv-lsd   0.98 / 0.49  336 / 264            0.91 / 0.52         171 / 255
===========  ===========  ===================  ==================  ===========================
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry import LineString
from skimage import filters, measure, morphology, transform

from colibri_geo.bench.matching import SHORTEST_M
from colibri_geo.bench.truth import FloatArray
from colibri_geo.pairs import AlignedPair

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
PixelArray = np.ndarray[Any, np.dtype[np.float32]]

NEEDS_OPENCV = "not run: install colibri_geo[bench]"
_SEED = 11
_LOWEST, _HIGHEST = -2.0, 10.0
_JOIN_TURN_DEG = 4.0
_JOIN_OFFSET_M = 40.0
_JOIN_GAP_M = 200.0


@dataclass(frozen=True)
class RegionRecipe:
    """Threshold of the change, connected regions, elongation.

    Attributes
    ----------
    threshold : float
        Robust standard deviations.
    elongation : float
        Least ratio of the axes of the ellipse with a region's second moments.
    piece_px : int
        Smallest width and height, together, of the box around a region.
    """

    threshold: float = 1.75
    elongation: float = 3.0
    piece_px: int = 12

    name = "regionprops"
    about = "NDVI loss (red rise for RGB), threshold, regionprops elongation"

    def find(self, change: PixelArray, pixel_m: float) -> FloatArray:
        """Return the axes found, (K, 2, 2) ndarray of float64, pixels: column, row."""
        regions = measure.label(change > self.threshold, connectivity=2)
        axes = []
        for region in measure.regionprops(regions):
            if region.bbox[2] - region.bbox[0] + region.bbox[3] - region.bbox[1] < self.piece_px:
                continue
            if region.axis_major_length >= self.elongation * max(region.axis_minor_length, 1.0):
                axes.append(_fit_axis(region.coords[:, ::-1] + 0.5))
        return join_pieces(_as_array(axes), pixel_m)


@dataclass(frozen=True)
class HoughRecipe:
    """Ridges of the change, skeleton, probabilistic Hough transform.

    Attributes
    ----------
    threshold : float
        Of the ridge filter, robust standard deviations of the change.
    votes : int
    piece_px, gap_px : int
        Shortest piece, widest gap.
    """

    threshold: float = 0.8
    votes: int = 10
    piece_px: int = 12
    gap_px: int = 5

    name = "sato-hough"
    about = "the same change, sato, skeletonize, probabilistic_hough_line"

    def find(self, change: PixelArray, pixel_m: float) -> FloatArray:
        """Return the axes found, (K, 2, 2) ndarray of float64, pixels: column, row."""
        ridges = filters.sato(change, sigmas=[1.0, 1.5, 2.0], black_ridges=False)
        skeleton = morphology.skeletonize(ridges > self.threshold)
        pieces = transform.probabilistic_hough_line(
            skeleton, threshold=self.votes, line_length=self.piece_px, line_gap=self.gap_px, rng=_SEED
        )
        return join_pieces(_as_array(pieces) + 0.5, pixel_m)


@dataclass(frozen=True)
class LsdRecipe:
    """OpenCV's line segment detector on the change as an 8-bit picture.

    Attributes
    ----------
    brightest : float
        Change shown as white, robust standard deviations; none is black.
    scale : float
        At which it looks for lines. At OpenCV's own, 0.8, strips of one or two pixels are smoothed away.
    piece_px : float
        Shortest piece.
    """

    brightest: float = 10.0
    scale: float = 1.6
    piece_px: float = 6.0

    name = "opencv-lsd"
    about = "the same change, OpenCV line segment detector"

    def find(self, change: PixelArray, pixel_m: float) -> FloatArray:
        """Return the axes found, (K, 2, 2) ndarray of float64, pixels: column, row."""
        opencv = load_opencv()
        if opencv is None:
            raise ModuleNotFoundError(NEEDS_OPENCV)
        grey = np.clip(change / self.brightest, 0, 1) * 255
        detector = opencv.createLineSegmentDetector(scale=self.scale)
        lines = detector.detect(np.rint(grey).astype(np.uint8))[0]
        pieces = np.zeros((0, 2, 2)) if lines is None else np.reshape(lines, (-1, 2, 2)).astype(np.float64)
        length = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T)
        return join_pieces(pieces[length >= self.piece_px] + 0.5, pixel_m)


Recipe = RegionRecipe | HoughRecipe | LsdRecipe
RECIPES: tuple[Recipe, ...] = (RegionRecipe(), HoughRecipe(), LsdRecipe())


def load_opencv() -> Any:  # noqa: ANN401 - a module
    """Return OpenCV, or None where it is not installed: it comes with the extra ``bench`` alone."""
    try:
        return importlib.import_module("cv2")
    except ModuleNotFoundError:
        return None


def can_run(recipe: Recipe) -> bool:
    """Tell whether what a recipe needs is installed."""
    return not isinstance(recipe, LsdRecipe) or load_opencv() is not None


def run_recipe(recipe: Recipe, pair: AlignedPair, change: PixelArray) -> gpd.GeoDataFrame:
    """Run a recipe on a pair.

    Parameters
    ----------
    recipe : Recipe
    pair : AlignedPair
    change : (M, N) ndarray of float32
        From `measure_plain_change` of the pair.

    Returns
    -------
    GeoDataFrame
        ``verdict`` (always ``new``) and the axes, of 350 m or more.
    """
    axes = recipe.find(change, pair.pixel_m)
    affine = pair.grid.affine
    east = affine.c + affine.a * axes[..., 0]
    north = affine.f + affine.e * axes[..., 1]
    length = np.hypot(east[:, 1] - east[:, 0], north[:, 1] - north[:, 0])
    places = np.stack([east, north], axis=-1)[length >= SHORTEST_M]
    lines = [LineString(place) for place in places]
    return gpd.GeoDataFrame({"verdict": ["new"] * len(lines)}, geometry=lines, crs=str(pair.grid.crs))


def measure_plain_change(pair: AlignedPair) -> PixelArray:
    """Return loss of NDVI, or rise of red, over its robust standard deviation; 0 where not observed.

    Returns
    -------
    (M, N) ndarray of float32
    """
    block = pair.read()
    bands = pair.model.bands
    red = bands.index("red")
    if "nir" in bands:
        change = _ndvi(block.before, red, bands.index("nir")) - _ndvi(block.after, red, bands.index("nir"))
    else:
        change = block.after[red] - block.before[red]
    seen = block.valid
    if not seen.any():
        return np.zeros(seen.shape, dtype=np.float32)
    middle = np.median(change[seen])
    spread = max(1.4826 * float(np.median(np.abs(change[seen] - middle))), 1e-6)
    scaled = np.clip((change - middle) / spread, _LOWEST, _HIGHEST)
    return np.where(seen, scaled, 0).astype(np.float32)


def _ndvi(values: PixelArray, red: int, nir: int) -> PixelArray:
    total = values[nir] + values[red]
    index: PixelArray = np.divide(values[nir] - values[red], total, out=np.zeros_like(total), where=total > 1e-4)
    return index


def join_pieces(pieces: FloatArray, pixel_m: float) -> FloatArray:
    """Join pieces that lie along one line, the longest first.

    Parameters
    ----------
    pieces : (K, 2, 2) ndarray of float64, pixels
        Piece, end, column and row.
    pixel_m : float

    Returns
    -------
    (L, 2, 2) ndarray of float64, pixels

    Examples
    --------
    >>> pieces = np.array([[[0.0, 0.0], [20.0, 0.0]], [[24.0, 0.0], [40.0, 0.0]], [[0.0, 90.0], [9.0, 90.0]]])
    >>> join_pieces(pieces, 10.0)[0].tolist()
    [[0.0, 0.0], [40.0, 0.0]]
    """
    step = pieces[:, 1] - pieces[:, 0]
    length = np.hypot(step[:, 0], step[:, 1])
    middle, along = pieces.mean(axis=1), step / np.maximum(length, 1e-9)[:, None]
    free = np.ones(len(pieces), dtype=bool)
    joined = []
    for top in np.argsort(-length, kind="stable"):
        if not free[top]:
            continue
        turn = np.degrees(np.arccos(np.clip(np.abs(along @ along[top]), 0, 1)))
        offset = np.abs((middle - middle[top]) @ np.array([-along[top, 1], along[top, 0]]))
        near = np.flatnonzero(free & (turn <= _JOIN_TURN_DEG) & (offset <= _JOIN_OFFSET_M / pixel_m))
        stations = np.sort((pieces[near] - middle[top]) @ along[top], axis=1)
        chain = near[_joins(stations, near == top, gap_px=_JOIN_GAP_M / pixel_m)]
        free[chain] = False
        joined.append(_fit_axis(pieces[chain].reshape(-1, 2)) if len(chain) > 1 else pieces[top])
    return _as_array(joined)


def _joins(stations: FloatArray, first: BoolArray, *, gap_px: float) -> BoolArray:
    """Tell which pieces of a line join the first without a wide gap, given from where to where each reaches."""
    order = np.argsort(stations[:, 0], kind="stable")
    starts, reach = stations[order, 0], np.maximum.accumulate(stations[order, 1])
    run = np.empty(len(order), dtype=np.int64)
    run[order] = np.concatenate([[0], np.cumsum(starts[1:] - reach[:-1] > gap_px)])
    joins: BoolArray = run == run[first][0]
    return joins


def _fit_axis(points: FloatArray) -> FloatArray:
    """Return the axis through points along their direction of largest spread, from the first to the last of them."""
    middle = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((points - middle).T))
    station = (points - middle) @ vectors[:, -1]
    ends = np.array([station.min(), station.max()])
    return np.asarray(middle + ends[:, None] * vectors[:, -1], dtype=np.float64)


def _as_array(axes: Any) -> FloatArray:  # noqa: ANN401 - any nest of (K, 2, 2) numbers
    return np.array(axes, dtype=np.float64).reshape(-1, 2, 2)
