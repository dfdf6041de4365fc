"""What was not seen, and why."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.errors import InputError
from colibri_geo.scenes.masks import DECODERS, BitMask, MaskCode, Unseen, check_scl, decode_scl


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


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_a_mask_of_zeros_and_ones_is_no_classification(dtype: type) -> None:
    """A 0/1 mask of clouds would say that nothing was seen anywhere: it is refused, with the codes to write."""
    with pytest.raises(InputError, match=r"m: the mask holds only 0 and 1.*write 4 where it is clear"):
        check_scl(np.array([[0, 1], [1, 0]], dtype=dtype), source="m")


@pytest.mark.parametrize("codes", [[4, 4], [0, 4], [0, 1, 4], [0, 0], [1, 1], [9], []])
def test_a_classification_may_hold_any_other_codes(codes: list[int]) -> None:
    """What has a clear class, or one class alone, is what it says."""
    check_scl(np.array(codes, dtype=np.uint8), source="m")


def test_every_code_has_its_decoder() -> None:
    """No mask is found whose values nothing reads; what is 0 there was seen, but for fill."""
    assert set(DECODERS) == set(MaskCode)
    zeros = {code: decode(np.zeros((1, 1), np.uint8), source="m").item() for code, decode in DECODERS.items()}
    assert {code for code, seen in zeros.items() if seen} == {MaskCode.SCL, MaskCode.QA_PIXEL}


@pytest.mark.parametrize(
    ("code", "values", "expected"),
    [
        (MaskCode.S2_CLASSI, [0, 1], [0, 3]),
        (MaskCode.QA_PIXEL, [21824, 22280, 23888, 1, 0], [0, 3, 2, 4, 4]),
        (MaskCode.QA_RADSAT, [0, 1, 8, 2048], [0, 0, 1, 4]),
        (MaskCode.QA_RADSAT_TM, [0, 1, 32, 64, 512], [0, 1, 0, 1, 4]),
        (MaskCode.UDM2_SHADOW, [0, 1], [0, 2]),
        (MaskCode.UDM2_CLOUD, [0, 1], [0, 3]),
        (MaskCode.UDM2_UNUSABLE, [0, 1, 2, 8], [0, 4, 0, 4]),
        (MaskCode.UDM, [0, 1, 2, 8, 10], [0, 4, 3, 4, 4]),
        (MaskCode.HYP3_LS, [0, 1, 3, 5, 17, 31], [0, 0, 0, 4, 4, 4]),
        (MaskCode.HLS_FMASK, [0, 2, 4, 8, 192, 255], [0, 3, 3, 2, 0, 4]),
    ],
)
def test_bits_mean_what_the_guides_say(code: MaskCode, values: list[int], expected: list[int]) -> None:
    """Values of each archive's mask, one for each meaning; where two bits are set the higher reason stands."""
    decoded = DECODERS[code](np.array([values], dtype=np.uint16), source="m")
    assert decoded.tolist() == [expected]
    assert decoded.dtype == np.uint8


@pytest.mark.parametrize("values", [np.array([[4]]), np.array([[-1]]), np.array([[1.0]]), np.zeros((0, 2))])
def test_a_field_of_bits_holds_no_other_values(values: np.ndarray) -> None:
    """What has more bits, a sign or fractions is another mask."""
    with pytest.raises(InputError, match=r"^m: the mask holds .*expected integers from 0 to 3;"):
        BitMask(2, {0: Unseen.CLOUD})(values, source="m")
