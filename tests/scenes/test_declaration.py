"""Band maps in TOML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import BandError, ConfigError, RadiometryError
from colibri_geo.scenes.declaration import Declaration, read_declaration
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import made_pixels, write_image

MAP = """
quantity = "toa reflectance"
scale = 0.0002
offset = -0.1
nodata = 400
sensor = "CBERS-4A WFI"
licence = "CC BY-SA 4.0"

[bands]
red = 3
nir = 4
"""


def _write(folder: Path, text: str) -> str:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_words_are_no_file() -> None:
    """A map in words is taken as it is, and so is none at all."""
    assert read_declaration("red=1,nir=2") == Declaration(bands="red=1,nir=2")
    assert read_declaration(None) == Declaration()


def test_an_image_is_what_its_band_map_says(tmp_path: Path) -> None:
    """Bands, scale, offset, nodata, quantity, sensor and licence are those of the file, and the scene says so."""
    values = made_pixels(low=500, high=3000)
    values[2, 0, 0] = 400
    path = write_image(tmp_path / "a.tif", values, names=None)
    scene = open_scene(path, bands=_write(tmp_path, MAP))
    assert scene.bands == ("red", "nir")
    assert (scene.quantity, scene.sensor, scene.provenance.licence) == (
        "toa reflectance",
        "CBERS-4A WFI",
        "CC BY-SA 4.0",
    )
    block = scene.read_block()
    assert block.unseen[0, 0] == Unseen.NODATA
    np.testing.assert_allclose(block.values[:, 5, 7], values[2:, 5, 7] * 0.0002 - 0.1, rtol=1e-5)
    assert any("map.toml" in note for note in scene.provenance.notes)


def test_a_byte_order_mark_says_nothing(tmp_path: Path) -> None:
    """What editors of Windows put before UTF-8 is read over."""
    plain = read_declaration(_write(tmp_path, MAP))
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8-sig")
    assert read_declaration(str(tmp_path / "map.toml")) == plain


def test_bands_alone_are_enough(tmp_path: Path) -> None:
    """What a band map leaves out is found out as without it."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None)
    scene = open_scene(path, bands=_write(tmp_path, "[bands]\nred = 1\n"))
    assert (scene.bands, scene.quantity) == (("red",), "surface reflectance")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"no \[bands\]"),
        ("[bands]\n", r"no \[bands\]"),
        ("[bands]\nred = 0\n", "red = 0"),
        ("[bands]\nrot = 1\n", "rot = 1"),
        ("[bands]\nred = true\n", "red = True"),
        ("scale = 'x'\n[bands]\nred = 1\n", "scale"),
        ("scale = inf\n[bands]\nred = 1\n", "scale = 'inf', expected a finite number other than 0"),
        ("scale = 0\n[bands]\nred = 1\n", "scale = '0', expected a finite number other than 0"),
        *((f"{name} = {'9' * 400}\n[bands]\nred = 1\n", name) for name in ("scale", "offset", "nodata")),
        ("quantity = 'radiance'\n[bands]\nred = 1\n", "quantity"),
        ("sensor = 3\n[bands]\nred = 1\n", "sensor"),
        ("scales = 3\n[bands]\nred = 1\n", "unknown scales"),
        ("[bands\n", "no band map in TOML"),
        ("[bands]\nred = 1\n" + "#" * 100_000, "more than 100,000 bytes"),
    ],
)
def test_a_wrong_band_map_is_told(tmp_path: Path, text: str, words: str) -> None:
    """Each fault is named with the file; nothing of a wrong map is used."""
    with pytest.raises(ConfigError, match=words):
        read_declaration(_write(tmp_path, text))


def test_a_number_that_no_band_has_is_told_with_the_map_that_says_it(tmp_path: Path) -> None:
    """The user wrote a file, and no --bands with numbers."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    with pytest.raises(
        BandError, match=r"a\.tif: the band map map\.toml 'blue=9', expected distinct numbers of 1, 2, 3, 4"
    ):
        open_scene(path, bands=_write(tmp_path, "[bands]\nblue = 9\n"))
    with pytest.raises(BandError, match=r"a\.tif: --bands 'blue=9', expected"):
        open_scene(path, bands="blue=9")


def test_a_band_map_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A path that leads nowhere is an error, not a list of names."""
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        read_declaration(str(tmp_path / "gone.toml"))


@pytest.mark.parametrize(
    ("names", "said", "words"),
    [
        (("vv", "vh"), "scale = 0.5", "scale or offset declared of backscatter"),
        (("vv", "vh"), "quantity = 'surface reflectance'", "surface reflectance said of the bands vv, vh"),
        (("red", "nir"), "quantity = 'gamma0_db'", "gamma0_db said of the bands red, nir"),
    ],
)
def test_what_cannot_be_used_is_not_left_aside(
    tmp_path: Path, rng: np.random.Generator, names: tuple[str, str], said: str, words: str
) -> None:
    """Light has no decibels, and backscatter no scale."""
    path = write_image(tmp_path / "a.tif", rng.uniform(0.02, 0.2, (2, 40, 50)).astype(np.float32), names=names)
    bands = "".join(f"{name} = {number}\n" for number, name in enumerate(names, start=1))
    with pytest.raises(RadiometryError, match=words):
        open_scene(path, bands=_write(tmp_path, f"{said}\n[bands]\n{bands}"))


@pytest.mark.parametrize("said", ["scale = 0.004", "offset = 0.1"])
def test_a_scale_of_an_8_bit_picture_says_of_what(tmp_path: Path, said: str) -> None:
    """A picture that was stretched for the eye does not become reflectance by a number: the quantity has to be said."""
    path = write_image(tmp_path / "a.tif", (made_pixels(2) % 251).astype(np.uint8))
    bands = "[bands]\nred = 1\nnir = 2\n"
    with pytest.raises(RadiometryError, match=r"a\.tif: .*8-bit picture.*add quantity = 'surface reflectance'"):
        open_scene(path, bands=_write(tmp_path, f"{said}\n{bands}"))
    for quantity in ("surface reflectance", "relative"):
        declared = _write(tmp_path, f"scale = 0.004\nquantity = '{quantity}'\n{bands}")
        assert open_scene(path, bands=declared).quantity == quantity


def test_landsat_as_delivered_wants_its_scale(tmp_path: Path, rng: np.random.Generator) -> None:
    """Numbers of Collection 2 would pass for very bright reflectance x 10000."""
    reflectance = rng.uniform(0.02, 0.3, (2, 40, 50))
    stored = np.round((reflectance + 0.2) / 0.0000275).astype(np.uint16)
    path = write_image(tmp_path / "a.tif", stored, names=("SR_B4", "SR_B5"))
    with pytest.raises(RadiometryError, match=r"Landsat Collection 2 as delivered.*offset = -0\.2"):
        open_scene(path)
    declared = _write(tmp_path, "scale = 0.0000275\noffset = -0.2\n[bands]\nred = 1\nnir = 2\n")
    np.testing.assert_allclose(open_scene(path, bands=declared).read()[0], reflectance, atol=1e-4)
    scaled = write_image(tmp_path / "b.tif", np.round(reflectance * 1e4).astype(np.uint16), names=("SR_B4", "SR_B5"))
    np.testing.assert_allclose(open_scene(scaled).read()[0], reflectance, atol=1e-4)


def test_two_names_for_one_band_are_refused(tmp_path: Path) -> None:
    """One band of the file cannot be two bands of the scene."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None)
    with pytest.raises(BandError, match="distinct numbers"):
        open_scene(path, bands=_write(tmp_path, "[bands]\nred = 1\nnir = 1\n"))


def test_a_declared_scale_must_give_reflectance(tmp_path: Path) -> None:
    """A scale that makes no reflectance of the values is refused: who declares can be wrong too."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None)
    with pytest.raises(RadiometryError, match="expected reflectance"):
        open_scene(path, bands=_write(tmp_path, "scale = 1.0\n[bands]\nred = 1\n"))
