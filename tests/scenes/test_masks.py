"""What was not seen, and why."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.errors import InputError
from colibri_geo.scenes.masks import Unseen, decode_scl


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_classes_of_the_scene_classification(dtype: type) -> None:
    """Classes 0, 1, 3, 8, 9 and 10 are not observed, each for its reason; the six others are."""
    classes = np.arange(12, dtype=dtype)[None]
    decoded = decode_scl(classes, source="m")
    reasons = {int(code): Unseen(found).reason for code, found in zip(classes[0], decoded[0], strict=True) if found}
    assert reasons == {0: "nodata", 1: "saturation", 3: "shadow", 8: "cloud", 9: "cloud", 10: "cloud"}
    assert decoded.dtype == np.uint8


@pytest.mark.parametrize("code", [12, 255, -1, 300])
def test_codes_that_do_not_exist_are_refused(code: int) -> None:
    """A mask in other codes is not read as one in these."""
    with pytest.raises(InputError, match=f"{code}.*SCL codes 0 to 11"):
        decode_scl(np.array([[4, code]], dtype=np.int16), source="m")


def test_reasons_keep_their_order() -> None:
    """Where two reasons meet the higher code stands, so what was not measured outranks what was covered."""
    assert Unseen.OBSERVED < Unseen.SATURATION < Unseen.SHADOW < Unseen.CLOUD < Unseen.NODATA < Unseen.OUTSIDE
