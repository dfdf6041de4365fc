"""Everything of one date: folders, lists and item collections as one scene."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import threading
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    AmbiguousInput,
    ArchiveError,
    CorruptInput,
    DateError,
    NotAFile,
    ProductIncomplete,
    SettingsError,
    UnsafeSource,
    UnsupportedFormat,
)
from colibri_geo.isolation import isolated
from colibri_geo.scenes.gathering import MAX_DEPTH, find_inputs, join_scenes, open_each
from colibri_geo.scenes.opening import open_found, open_scene
from colibri_geo.scenes.scene import Scene
from tests.scenes.images import TRANSFORM, made_pixels, write_image, write_scl
from tests.support.products.ground import Ground, make_ground
from tests.support.products.landsat import write_landsat
from tests.support.products.planetscope import write_planetscope
from tests.support.products.sentinel1 import write_rtc
from tests.support.products.sentinel2 import write_safe, zip_safe
from tests.support.products.stac import edit_item, write_catalogue, write_collection, write_stac


def open_scenes(images: Any, **options: Any) -> Scene:  # noqa: ANN401 - what open_each takes
    """Open everything of one date as one scene."""
    return join_scenes(open_each(images, **options))


@cache
def ground_at(number: int) -> Ground:
    """One of several small grounds side by side, some minutes apart."""
    ground = make_ground(side_px=60, strips=()).after
    a = ground.grid.affine
    moved = GeoBox(ground.grid.shape, Affine(a.a, 0, a.c + 540 * number, 0, a.e, a.f), ground.grid.crs)
    return dataclasses.replace(ground, grid=moved, acquired=ground.acquired + timedelta(minutes=number))


def write_piece(path: Path, window: Window, *, masked: bool = True) -> Path:
    """Write a piece of one image, with its mask beside it."""
    values, codes = made_pixels(), np.full((40, 50), 4, np.uint8)
    codes[10:18, 12:40] = 9
    transform = Affine(10, 0, TRANSFORM.c + 10 * window.col, 0, -10, TRANSFORM.f - 10 * window.row)
    write_image(path, values[:, *window.slices], transform=transform)
    if masked:
        write_scl(path.with_name(f"{path.stem}_scl.tif"), codes[window.slices], transform=transform)
    return path


def write_pieces(folder: Path) -> list[Path]:
    """Write one image in four pieces that overlap."""
    folder.mkdir(parents=True, exist_ok=True)
    windows = [Window(0, 0, 25, 30), Window(0, 22, 22, 28), Window(18, 0, 22, 26), Window(16, 20, 24, 30)]
    return [write_piece(folder / f"piece{number}.tif", window) for number, window in enumerate(windows)]


def list_names(scene: Scene) -> list[str]:
    """Names of the scenes that a mosaic is made of."""
    return [part.name for part in scene.provenance.parts]


def test_pieces_in_a_folder_are_one_image(tmp_path: Path) -> None:
    """A folder, or a list, of pieces with their masks reads as the image that they were cut from, bit for bit."""
    whole = open_scene(write_piece(tmp_path / "whole.tif", Window(0, 0, 40, 50)))
    pieces = write_pieces(tmp_path / "pieces")
    expected = whole.read_block()
    assert set(np.unique(expected.unseen)) == {0, 3}
    globbed = [str(path) for path in sorted((tmp_path / "pieces").iterdir(), reverse=True)]  # masks among them
    opened = [open_scene(path) for path in pieces]
    for given in (tmp_path / "pieces", str(tmp_path / "pieces"), pieces, globbed, opened, [pieces[0], *opened[1:]]):
        joined = open_scenes(given)
        assert joined.grid == whole.grid
        assert list_names(joined) == ["piece0.tif", "piece1.tif", "piece2.tif", "piece3.tif"]
        block = joined.read_block()
        np.testing.assert_array_equal(block.values, expected.values)
        np.testing.assert_array_equal(block.unseen, expected.unseen)


def test_scenes_are_opened_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two children decode, two scenes are opened at the same time, and are those that are opened in turn."""
    write_pieces(tmp_path)
    alone = open_scenes(tmp_path)
    together = threading.Barrier(2, timeout=60)

    def open_with_another(*given: Any) -> Scene:  # noqa: ANN401
        together.wait()
        return open_found(*given)

    monkeypatch.setattr("colibri_geo.scenes.gathering.open_found", open_with_another)
    with isolated(os.environ, most=2):
        joined = open_scenes(tmp_path)
        assert dataclasses.replace(joined, source=alone.source) == alone
        np.testing.assert_array_equal(joined.read_block().values, alone.read_block().values)


def test_of_scenes_side_by_side_the_first_that_fails_is_named(tmp_path: Path) -> None:
    """The error is that of the scene which comes first by name, whichever fails first."""
    write_pieces(tmp_path)
    for name in ("piece1.tif", "piece3.tif"):
        (tmp_path / name).write_bytes(b"II*\0" + bytes(60))
    with isolated(os.environ, most=2), pytest.raises(CorruptInput, match=r"piece1\.tif"):
        open_scenes(tmp_path)


def test_which_scene_is_seen_does_not_depend_on_the_bands_read(tmp_path: Path) -> None:
    """A scene that lacks pixels in one band is no clearer when only the others are read."""
    lacking, cloudy = made_pixels(), made_pixels(low=310)
    lacking[3, :20] = 65_535
    codes = np.full((40, 50), 4)
    codes[30:, :10] = 9
    write_image(tmp_path / "a.tif", lacking, nodata=65_535)
    write_image(tmp_path / "b.tif", cloudy, nodata=65_535)
    write_scl(tmp_path / "a_scl.tif", np.full((40, 50), 4))
    write_scl(tmp_path / "b_scl.tif", codes)
    assert open_scene(tmp_path / "a.tif").read(bands=["red"])[1].all()
    joined = open_scenes(tmp_path)
    whole, red = joined.read_block(), joined.read_block(bands=["red"])
    assert whole.valid.all()
    np.testing.assert_array_equal(red.values[0], whole.values[2])
    np.testing.assert_array_equal(red.values[0][:30], open_scene(tmp_path / "b.tif").read()[0][2][:30])


def test_one_image_opens_as_by_itself(tmp_path: Path) -> None:
    """A file, a folder with it and its mask, a list of it, an open scene: the scene that open_scene gives."""
    (tmp_path / "one").mkdir()
    path = write_piece(tmp_path / "one" / "a.tif", Window(0, 0, 40, 50))
    expected = open_scene(path)
    for given in (path, path.parent, [path], [path.parent]):
        assert open_scenes(given) == expected
    assert open_scenes(expected) is expected
    given_mask = write_scl(tmp_path / "other.tif", np.full((40, 50), 4))
    assert open_scenes(path, mask=given_mask, bands="red,nir").provenance.mask_path == given_mask


def test_what_is_said_holds_for_each(tmp_path: Path) -> None:
    """Bands, time and CRS that are given are those of every scene."""
    for number in range(2):
        transform = Affine(10, 0, TRANSFORM.c + 400 * number, 0, -10, TRANSFORM.f)
        values = made_pixels(low=300 + number)
        write_image(tmp_path / f"{number}.tif", values, names=None, acquired=None, crs=None, transform=transform)
    joined = open_scenes(tmp_path, bands="red=3,nir=4", acquired="2024-03-21", assume_crs="EPSG:32618")
    assert joined.bands == ("red", "nir")
    assert joined.name == "2 scenes of 2024-03-21"


# ----------------------------------------------------------------------------------------------- products of archives


def test_folders_and_archives_of_products(tmp_path: Path) -> None:
    """SAFE folders and archives, wherever they lie below, are one scene together; text beside them is left aside."""
    write_safe(tmp_path / "in", ground_at(0))
    write_safe(tmp_path / "in" / "deeper", ground_at(1), zipped=True)
    (tmp_path / "in" / "README").write_text("for the analyst")
    (tmp_path / "in" / "deeper" / "list.csv").write_text("a,b\n")
    (tmp_path / "in" / ".cache").mkdir()
    (tmp_path / "in" / "empty").mkdir()
    joined = open_scenes(tmp_path / "in")
    assert len(joined.provenance.parts) == 2
    assert {part.provenance.layout for part in joined.provenance.parts} == {"Sentinel-2 L2A SAFE"}
    assert joined.grid.shape == (60, 60 + 54)


def test_a_product_beside_its_archive_is_used_once(tmp_path: Path) -> None:
    """Who unpacks an archive and leaves it there has one scene, and a note."""
    zip_safe(write_safe(tmp_path, ground_at(0)))
    write_safe(tmp_path, ground_at(0))
    assert len(list(tmp_path.iterdir())) == 2
    scene = open_scenes(tmp_path)
    assert not scene.provenance.parts
    assert "holds the same as another scene" in scene.provenance.notes[-1]
    write_safe(tmp_path, ground_at(1))
    joined = open_scenes(tmp_path)
    assert len(joined.provenance.parts) == 2
    assert sum("it was left out" in note for note in joined.provenance.notes) == 1


@pytest.mark.parametrize("layout", ["Sentinel-2 SAFE", "Landsat", "PlanetScope", "Sentinel-1", "STAC"])
def test_a_product_stays_one_scene(tmp_path: Path, layout: str) -> None:
    """The folder of a product is its scene, however many rasters lie in it."""
    writers = {
        "Sentinel-2 SAFE": write_safe,
        "Landsat": write_landsat,
        "PlanetScope": write_planetscope,
        "Sentinel-1": write_rtc,
        "STAC": write_stac,
    }
    made = writers[layout](tmp_path / "in", make_ground(side_px=60, strips=()).after)
    folder = made if made.is_dir() else made.parent
    assert open_scenes(folder) == open_scene(folder)
    if made.is_dir():
        assert open_scenes(folder.parent) == open_scene(folder.parent)


def test_one_archive_in_a_folder(tmp_path: Path) -> None:
    """The only archive in a folder is its scene, although open_scene wants it named."""
    made = write_safe(tmp_path, ground_at(0), zipped=True)
    with pytest.raises(UnsupportedFormat):
        open_scene(tmp_path)
    assert open_scenes(tmp_path) == open_scene(made)


def test_landsat_scenes_side_by_side(tmp_path: Path) -> None:
    """Products that were unpacked into one folder are told apart by their names; an archive beside them is another."""
    for number, stac in ((0, False), (1, True)):
        made = write_landsat(tmp_path / "made", ground_at(number), path_row=f"00905{number}", stac=stac)
        shutil.copytree(made, tmp_path / "flat", dirs_exist_ok=True)
    tar = write_landsat(tmp_path / "tar", ground_at(2), path_row="009052", tar=True)
    joined = open_scenes(tmp_path / "flat")
    assert len(joined.provenance.parts) == 2
    assert not any("left out" in note for note in joined.provenance.notes)
    shutil.copy(tar, tmp_path / "flat")
    assert len(open_scenes(tmp_path / "flat").provenance.parts) == 3


def test_planetscope_scenes_side_by_side(tmp_path: Path) -> None:
    """Strips of one pass in one folder are one scene together, as surface reflectance where there are both."""
    for number in range(2):
        made = write_planetscope(tmp_path / f"made{number}", ground_at(number))
        shutil.copytree(made if made.is_dir() else made.parent, tmp_path / "flat", dirs_exist_ok=True)
    joined = open_scenes(tmp_path / "flat")
    assert len(joined.provenance.parts) == 2
    assert joined.quantity == "surface reflectance"


def write_items(folder: Path, count: int = 2) -> list[Path]:
    """Write STAC items, each in its folder."""
    return [
        write_stac(folder / f"item{number}", ground_at(number), item_id=f"S2A_18NTJ_{number}")
        for number in range(count)
    ]


def test_stac_items_in_folders(tmp_path: Path) -> None:
    """Items as they are fetched, one a folder, and those of a static catalogue."""
    items = write_items(tmp_path / "in")
    assert list_names(open_scenes(tmp_path / "in")) == ["S2A_18NTJ_0", "S2A_18NTJ_1"]
    write_catalogue(tmp_path / "in", items)
    assert list_names(open_scenes(tmp_path / "in")) == ["S2A_18NTJ_0", "S2A_18NTJ_1"]


def test_an_item_collection_is_one_scene(tmp_path: Path) -> None:
    """All items of a collection are meant, by its file or by its folder; one of them where it is named."""
    items = write_items(tmp_path, 3)
    collection = write_collection(tmp_path / "items.json", items)
    by_file, by_folder = open_scenes(collection), open_scenes(tmp_path)
    assert list_names(by_file) == ["S2A_18NTJ_0", "S2A_18NTJ_1", "S2A_18NTJ_2"]
    assert by_file == by_folder
    assert open_scenes(f"{collection}#S2A_18NTJ_1") == open_scene(f"{collection}#S2A_18NTJ_1")
    with pytest.raises(AmbiguousInput):
        open_scene(collection)


def test_items_side_by_side(tmp_path: Path) -> None:
    """Items whose rasters lie beside them: the rasters are theirs, an image beside them is another scene."""
    for number, item in enumerate(write_items(tmp_path / "made")):
        edit_item(
            item,
            lambda item, number=number: [
                asset.update(href=asset["href"].replace("./", f"./{number}_")) for asset in item["assets"].values()
            ],
        )
        for file in item.parent.iterdir():
            name = f"{number}.json" if file == item else f"{number}_{file.name}"
            (tmp_path / "flat").mkdir(exist_ok=True)
            shutil.copy(file, tmp_path / "flat" / name)
    assert len(find_inputs(tmp_path / "flat")) == 2
    write_image(tmp_path / "flat" / "other.tif", made_pixels())
    assert len(find_inputs(tmp_path / "flat")) == 3


def move_item(item: Path, folder: Path, name: str, *, below: str = ".") -> None:
    """Copy an item to ``NAME.json`` in a folder, its files to ``NAME_...`` in the folder or in one below."""

    def rename(fields: dict[str, Any]) -> None:
        for asset in fields["assets"].values():
            asset["href"] = asset["href"].replace("./", f"./{below}/{name}_")

    (folder / below).mkdir(parents=True, exist_ok=True)
    for file in item.parent.iterdir():
        shutil.copy(file, folder / f"{name}.json" if file == item else folder / below / f"{name}_{file.name}")
    edit_item(folder / f"{name}.json", rename)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("below", [".", "data", "data/deep%20er"])
@pytest.mark.parametrize("where", [".", "data", "elsewhere"])
def test_images_that_no_item_leads_to_are_scenes(tmp_path: Path, count: int, below: str, where: str) -> None:
    """Of files beside each other in one folder, those that items lead to are theirs, the others are scenes."""
    for number, item in enumerate(write_items(tmp_path / "made", count)):
        move_item(item, tmp_path / "in", f"item{number}", below=below)
    if "%" in below:
        (tmp_path / "in" / below).rename(tmp_path / "in" / below.replace("%20", " "))
    assert len(find_inputs(tmp_path / "in")) == count
    (tmp_path / "in" / where).mkdir(exist_ok=True)
    other = write_image(tmp_path / "in" / where / "other.tif", made_pixels())
    found = find_inputs(tmp_path / "in")
    assert len(found) == count + 1
    assert other in {one.path for one in found}


def write_led_landsat(folder: Path, number: int) -> Path:
    """Write a product, and beside its folder the item that leads into it."""
    product = write_landsat(folder, ground_at(number), path_row=f"00905{number}", stac=True)

    def bring_here(fields: dict[str, Any]) -> None:
        for asset in fields["assets"].values():
            asset["href"] = f"./{product.name}/{asset['href'].rpartition('/')[2]}"

    (item,) = product.glob("*_stac.json")
    return edit_item(item.rename(folder / f"item{number}.json"), bring_here)


@pytest.mark.parametrize("whole", [True, False])
def test_products_that_items_lead_to_are_theirs(tmp_path: Path, whole: bool) -> None:
    """A product that an item above leads into is the scene of that item, also where only what that reads is there."""
    items = [write_led_landsat(tmp_path, number) for number in range(2)]
    for file in () if whole else list(tmp_path.glob("*/*")):
        if re.search(r"_(SR_B\d|QA_PIXEL|QA_RADSAT)\.TIF$", file.name) is None:
            file.unlink()
    assert [one.path for one in find_inputs(tmp_path)] == items
    other = write_landsat(tmp_path, ground_at(2), path_row="009052")
    assert [one.path for one in find_inputs(tmp_path)] == [*items, other]


def test_an_item_below_that_a_collection_holds_is_used_once(tmp_path: Path) -> None:
    """An item whose files a collection above leads to is found by that alone; one beside it that it lacks is found."""
    items = write_items(tmp_path, 2)
    collection = write_collection(tmp_path / "items.json", items[:1])
    assert [one.path for one in find_inputs(tmp_path)] == [collection, items[1]]


# ------------------------------------------------------------------------------------------------------------- refused


def test_one_mask_does_not_serve_several(tmp_path: Path) -> None:
    """A mask that is given belongs to one scene; an open scene has its own."""
    pieces = write_pieces(tmp_path)
    with pytest.raises(SettingsError, match="one mask is given for 4 scenes"):
        open_scenes(tmp_path, mask=tmp_path / "piece0_scl.tif")
    with pytest.raises(SettingsError, match="open scene"):
        open_scenes(open_scene(pieces[0]), acquired="2024-03-21")


def test_a_mask_alone_is_refused(tmp_path: Path) -> None:
    """A mask whose image is missing tells that an image is missing."""
    pieces = write_pieces(tmp_path)
    pieces[2].unlink()
    with pytest.raises(ProductIncomplete, match=r"piece2_scl\.tif: a mask without its image"):
        open_scenes(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("scene.img", b"EHFA_HEADER_TAG", UnsupportedFormat),
        ("scene.tar.gz", b"\x1f\x8b\x08\x00", ArchiveError),
        ("noimage.zip", b"PK\x05\x06" + bytes(18), UnsupportedFormat),
    ],
)
def test_what_may_be_an_image_is_not_passed_over(tmp_path: Path, name: str, content: bytes, error: type) -> None:
    """A file that is neither a scene nor clearly something else is one clear line that names it."""
    write_pieces(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=name):
        open_scenes(tmp_path)


def test_links_are_refused(tmp_path: Path) -> None:
    """A folder leads nowhere else."""
    pieces = write_pieces(tmp_path / "in")
    (tmp_path / "in" / "link.tif").symlink_to(pieces[0])
    with pytest.raises(UnsafeSource, match=r"link\.tif"):
        open_scenes(tmp_path / "in")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 40])
def test_folders_nested_too_deep_are_refused(tmp_path: Path, depth: int) -> None:
    """As deep as the limit a scene is found, deeper is one clear line."""
    lowest = tmp_path
    for _ in range(MAX_DEPTH):
        lowest /= "d"
    lowest.mkdir(parents=True)
    path = write_image(lowest / "a.tif", made_pixels())
    assert [one.path for one in find_inputs(tmp_path)] == [path]
    for _ in range(depth - MAX_DEPTH):
        lowest /= "d"
        lowest.mkdir()
    with pytest.raises(UnsafeSource, match=f"'d': lies more than {MAX_DEPTH} folders deep, expected"):
        find_inputs(tmp_path)


def test_nothing_is_refused(tmp_path: Path) -> None:
    """No path, an empty path, an empty folder, a folder of text, a missing file, only masks."""
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.json").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    for given, error in (([], NotAFile), ("", NotAFile), (tmp_path, UnsupportedFormat), (tmp_path / "c", NotAFile)):
        with pytest.raises(error):
            open_scenes(given)
    write_pieces(tmp_path / "in")
    with pytest.raises(NotAFile, match="masks"):
        open_scenes([tmp_path / "in" / f"piece{number}_scl.tif" for number in range(2)])


def test_scenes_of_two_dates_in_a_folder_are_refused(tmp_path: Path) -> None:
    """A folder that holds two dates is no scene, and the error names them."""
    write_pieces(tmp_path)
    write_image(tmp_path / "later.tif", made_pixels(low=400), acquired="2024:04:21 15:20:00")
    with pytest.raises(DateError, match=r"piece0\.tif .*later\.tif .*different dates"):
        open_scenes(tmp_path)
