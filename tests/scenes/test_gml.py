"""Cloud masks that are drawn as polygons."""

from __future__ import annotations

import pytest
from shapely import Point

from colibri_geo.errors import CorruptInput, UnsafeXML
from colibri_geo.scenes.gml import read_mask_polygons
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.product import MaskPolygons

TYPES = {"OPAQUE": Unseen.CLOUD, "CIRRUS": Unseen.CLOUD}
SQUARE = "0 0 0 9 9 9 9 0 0 0"


def make_ring(side: str, places: str, size: int | str = 2) -> str:
    """Write a ring of a polygon."""
    return (
        f'<gml:{side}><gml:LinearRing><gml:posList srsDimension="{size}">{places}</gml:posList>'
        f"</gml:LinearRing></gml:{side}>"
    )


def make_mask(*rings: str, kind: str = "OPAQUE", srs: str = "urn:ogc:def:crs:EPSG:8.7:32718") -> bytes:
    """Write a mask of one polygon, or of none."""
    envelope = f'<gml:boundedBy><gml:Envelope srsName="{srs}"/></gml:boundedBy>' if srs else ""
    feature = (
        f"<eop:MaskFeature><eop:maskType>{kind}</eop:maskType><eop:extentOf><gml:Polygon>{''.join(rings)}</gml:Polygon>"
        "</eop:extentOf></eop:MaskFeature>"
    )
    return (
        '<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" xmlns:gml="http://www.opengis.net/gml/3.2">'
        f"{envelope}<eop:maskMembers>{feature if rings else ''}</eop:maskMembers></eop:Mask>"
    ).encode()


def read(content: bytes, crs: str | None = None) -> MaskPolygons:
    """Read the one mask that two types of cloud make."""
    (mask,) = read_mask_polygons(content, name="clouds.gml", types=TYPES, crs=crs)
    return mask


def test_a_hole_is_seen() -> None:
    """A polygon covers what lies in its outer ring and in none of its inner ones."""
    mask = read(make_mask(make_ring("exterior", SQUARE), make_ring("interior", "3 3 3 6 6 6 6 3 3 3")))
    (polygon,) = mask.polygons
    assert (mask.crs, mask.code, mask.name) == ("EPSG:32718", Unseen.CLOUD, "clouds.gml")
    assert polygon.contains(Point(1, 1))
    assert not polygon.contains(Point(4, 4))
    assert polygon.area == 81 - 9


def test_heights_are_left_out() -> None:
    """Points of three numbers mean the same ground as points of two."""
    flat = read(make_mask(make_ring("exterior", SQUARE)))
    high = read(make_mask(make_ring("exterior", "0 0 -24.5 0 9 -24.5 9 9 -24.5 9 0 -24.5 0 0 -24.5", 3)))
    assert high.polygons == flat.polygons


def test_no_polygons_are_a_mask_too() -> None:
    """A mask that draws nothing says that all was seen, and needs no coordinate reference system."""
    assert read(make_mask(srs="")).polygons == ()


@pytest.mark.parametrize(
    ("srs", "crs"),
    [
        ("urn:ogc:def:crs:EPSG:8.7:32718", "EPSG:32718"),
        ("urn:ogc:def:crs:EPSG::32718", "EPSG:32718"),
        ("EPSG:32718", "EPSG:32718"),
        ("", "EPSG:32618"),
    ],
)
def test_the_system_is_the_files_own_before_the_tiles(srs: str, crs: str) -> None:
    """The EPSG code of srsName counts in each of its spellings; without one, what the tile is in."""
    assert read(make_mask(make_ring("exterior", SQUARE), srs=srs), crs="EPSG:32618").crs == crs


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (make_mask(make_ring("exterior", SQUARE), kind="NODATA"), "type 'NODATA', expected OPAQUE, CIRRUS"),
        (make_mask(make_ring("exterior", SQUARE), srs="urn:x"), "urn:x, expected one EPSG code"),
        (make_mask(make_ring("exterior", SQUARE), srs="EPSG:82618"), "EPSG:82618 is no coordinate reference system"),
        (make_mask(make_ring("exterior", SQUARE), srs="EPSG:5703"), "EPSG:5703 is no coordinate reference system"),
        (make_mask(make_ring("exterior", SQUARE), srs=""), "names no coordinate reference system"),
        (make_mask(make_ring("interior", SQUARE)), "0 outer rings"),
        (make_mask(make_ring("exterior", "0 0 0 9 9 9")), "four points"),
        (make_mask(make_ring("exterior", "0 0 0 9 9 9 9 0")), "the last the same as the first"),
        (make_mask(make_ring("exterior", f"{SQUARE} 0")), "a ring of 11 numbers"),
        (make_mask(make_ring("exterior", SQUARE.replace("9", "nan", 1))), "a ring of 10"),
        (make_mask(make_ring("exterior", SQUARE.replace("9", "x", 1))), "a ring of 10"),
        (make_mask(make_ring("exterior", SQUARE, "x")), "a ring of 10"),
        (make_mask("<gml:exterior/>"), "a ring of 0"),
        (b"<Level-1C_Tile_ID/>", "expected a GML mask"),
    ],
)
def test_what_is_no_such_mask_is_refused(content: bytes, told: str) -> None:
    """A mask that cannot be drawn as it stands is refused, and not drawn in part."""
    with pytest.raises(CorruptInput, match=told):
        read(content)


def test_entities_are_refused() -> None:
    """A mask with a document type is not read."""
    with pytest.raises(UnsafeXML):
        read(b'<!DOCTYPE Mask [<!ENTITY a "b">]>' + make_mask())
