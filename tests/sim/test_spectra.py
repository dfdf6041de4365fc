"""The table of surfaces."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.errors import BandError
from colibri_geo.sim.spectra import BANDS, SURFACES, reflectance


def test_bands_come_in_the_order_asked() -> None:
    """Reflectance follows the caller's bands, not the table's."""
    both = reflectance("sand", ("nir", "blue"))
    assert both[0] > both[1]
    assert both.dtype == np.float32


def test_surfaces_look_like_what_they_are() -> None:
    """Leaves jump at the near infrared, bare ground rises steadily, water and burns stay dark."""
    table = {name: reflectance(name, BANDS) for name in SURFACES}
    for name in ("forest", "regrowth", "grass"):
        assert table[name][3] > 5 * table[name][2]
    for name in ("laterite", "sand", "mud"):
        assert (np.diff(table[name][:4]) > 0).all()
        assert table[name][2] > 3 * table["forest"][2]
    assert table["water"][3:].max() < 0.05
    assert table["burn"][3] < table["savanna"][3] / 2


@pytest.mark.parametrize("bands", [(), ("red", "red"), ("red", "thermal")])
def test_bands_without_spectra_are_refused(bands: tuple[str, ...]) -> None:
    """No band, a band twice and an unknown band are errors that list what is known."""
    with pytest.raises(BandError, match="swir22"):
        reflectance("sand", bands)
