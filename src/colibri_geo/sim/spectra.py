"""What surfaces reflect in each band, from published libraries and papers.

The figures are rounded, typical values of directional-hemispherical or canopy reflectance averaged over the Sentinel-2
MSI bands; they stand for a class, not for one sample.

References
----------
.. [1] Meerdink et al. (2019), The ECOSTRESS spectral library version 1.0, doi:10.1016/j.rse.2019.05.015 (trees, grass,
   oxisol and ultisol samples).
.. [2] Kokaly et al. (2017), USGS Spectral Library Version 7, doi:10.3133/ds1035 (quartz sand, dry and green grass).
.. [3] Asner (1998), Biophysical and biochemical sources of variability in canopy reflectance,
   doi:10.1016/S0034-4257(98)00014-5 (canopies: shade darkens the leaf spectra of the libraries).
.. [4] Stoner and Baumgardner (1981), Characteristic variations in reflectance of surface soils,
   doi:10.2136/sssaj1981.03615995004500060031x (iron-dominated and organic-dominated soils, dry and wet).
.. [5] Doxaran et al. (2002), Spectral signature of highly turbid waters, doi:10.1016/S0034-4257(01)00341-8.
.. [6] Trigg and Flasse (2000), Characterizing the spectral-temporal response of burned savannah,
   doi:10.1080/01431160050145045.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.errors import BandError

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
FloatArray = np.ndarray[Any, np.dtype[np.float32]]

SHADE_MODE = (0.8, 0.9, 0.9, 1.0, 1.0, 1.0)
"""Relative effect of lit and shaded structure: nearly the same in all bands, less where sky light fills in."""
GREEN_MODE = (-0.7, -0.2, -1.0, 0.6, -0.5, -0.9)
"""Relative effect of more green leaf area: less red, blue and shortwave infrared, more near infrared."""


@dataclass(frozen=True)
class Surface:
    """One class of ground.

    Attributes
    ----------
    reflectance : tuple of float
        In the bands `BANDS`, in [0, 1].
    shade, green : float
        Relative spread, one standard deviation, of brightness and of greenness within the class.
    scl : int
        Sentinel-2 scene classification code of the class: 4 vegetation, 5 bare, 6 water.
    """

    reflectance: tuple[float, float, float, float, float, float]
    shade: float
    green: float
    scl: int


SURFACES = {
    "forest": Surface((0.020, 0.039, 0.022, 0.300, 0.140, 0.060), 0.085, 0.050, 4),  # [1] trees under the shade of [3]
    "regrowth": Surface((0.024, 0.052, 0.030, 0.360, 0.185, 0.080), 0.070, 0.070, 4),  # [3] closed young canopy
    "savanna": Surface((0.046, 0.078, 0.092, 0.245, 0.280, 0.175), 0.070, 0.085, 4),  # [2] dry and green grass, mixed
    "pasture": Surface((0.036, 0.070, 0.060, 0.300, 0.240, 0.130), 0.070, 0.100, 4),  # [2] grass over [4] soil
    "grass": Surface((0.036, 0.082, 0.052, 0.390, 0.240, 0.115), 0.050, 0.070, 4),  # [1], [2] green grass, mown
    "dry_grass": Surface((0.066, 0.106, 0.140, 0.270, 0.350, 0.240), 0.060, 0.060, 5),  # [2] dry long grass
    "laterite": Surface((0.055, 0.098, 0.190, 0.285, 0.360, 0.310), 0.080, 0.020, 5),  # [1] oxisol, [4] iron-dominated
    "sand": Surface((0.170, 0.225, 0.275, 0.340, 0.420, 0.390), 0.060, 0.010, 5),  # [2] quartz sand, not washed
    "mud": Surface((0.060, 0.082, 0.108, 0.150, 0.170, 0.130), 0.100, 0.030, 5),  # [4] organic-dominated, wet
    "water": Surface((0.058, 0.080, 0.072, 0.030, 0.010, 0.008), 0.040, 0.010, 6),  # [5] moderate load of sediment
    "burn": Surface((0.032, 0.042, 0.048, 0.080, 0.120, 0.105), 0.120, 0.060, 5),  # [6] weeks after the fire
}
"""Surfaces by name."""
VEILS = {
    "haze": Surface((0.300, 0.260, 0.230, 0.250, 0.120, 0.080), 0.0, 0.0, 4),
    "shade": Surface((0.010, 0.010, 0.006, 0.012, 0.006, 0.003), 0.0, 0.0, 4),
}
"""What lies over the ground and no mask says: thin haze, and ground that only the sky lights."""


def reflectance(surface: str, bands: Sequence[str]) -> FloatArray:
    """Return the reflectance of a surface.

    Parameters
    ----------
    surface : str
        A name in `SURFACES`.
    bands : sequence of str
        Names in `BANDS`.

    Returns
    -------
    (B,) ndarray of float32, surface reflectance in [0, 1]

    Examples
    --------
    >>> reflectance("laterite", ("red", "nir"))
    array([0.19 , 0.285], dtype=float32)
    """
    return np.array(SURFACES[surface].reflectance, dtype=np.float32)[band_positions(bands)]


def band_positions(bands: Sequence[str]) -> list[int]:
    """Return the positions of `bands` in `BANDS`.

    Raises
    ------
    BandError
        For no band, bands twice, or bands without spectra here.
    """
    unknown = [band for band in bands if band not in BANDS]
    if unknown or not bands or len(set(bands)) != len(bands):
        raise BandError(
            f"bands {', '.join(bands) or 'none'}: expected distinct names of {', '.join(BANDS)}; correct the list"
        )
    return [BANDS.index(band) for band in bands]
