"""Small Sentinel-2 products in the true SAFE layout.

Follows ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD), issue 14.9: the compact naming convention,
the trees of Level-1C and Level-2A user products, product metadata (MTD_MSIL1C.xml, MTD_MSIL2A.xml) and tile metadata
(MTD_TL.xml). Before processing baseline 04.00 masks are GML (``MSK_CLOUDS_B00.gml``), from there on JPEG 2000
(``MSK_CLASSI_B00.jp2``, 60 m: opaque cloud, cirrus, snow and ice). A tile is as large as its ground; bands that are not
read are left out, and the metadata do not name them.

Level-2A products of 2017 and 2018 (processing baselines 02.04 to 02.07) follow issue 14.2: names of images begin with
``L2A_``, elements of the metadata have ``L2A_`` before or ``_2A`` behind their names, each pixel size is a granule.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from mgrs import MGRS
from pyproj import Transformer
from rasterio import features

from tests.support.products.ground import Array, Ground, to_integers, write_jp2

BAND_FILES = ("B02", "B03", "B04", "B08", "B11", "B12")
"""Numbers of the bands that are written, in the order of a ground's bands."""
_BAND_IDS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")
_CENTRES_NM = (442.7, 492.7, 559.8, 664.6, 704.1, 740.5, 782.8, 832.8, 864.7, 945.1, 1373.5, 1613.7, 2202.4)
_PATH_REFLECTANCE = (0.075, 0.045, 0.028, 0.012, 0.004, 0.002)  # of a clear tropical air, blue to shortwave infrared
_TRANSMITTANCE = (0.82, 0.87, 0.9, 0.93, 0.95, 0.94)
_ADDED = 1000
_QUANTIFICATION = 10_000
_NAMESPACE = "https://psd-14.sentinel2.eo.esa.int/PSD"
_OLD_PSD = "14.2"
_OLD_WORDS = {
    r"(</?)(Product_Info|Product_Organisation|Product_Image_Characteristics)\b": r"\1L2A_\2",
    r"(</?)(IMAGE_FILE|TILE_ID|DATASTRIP_ID)\b": r"\1\2_2A",
    r"( *)<PRODUCT_URI>(\w+)MSIL2A(.*)</PRODUCT_URI>": r"\1<PRODUCT_URI_1C>\2MSIL1C\3</PRODUCT_URI_1C>\n"
    r"\1<PRODUCT_URI_2A>\2MSIL2A\3</PRODUCT_URI_2A>",
    r"(</?)QUANTIFICATION_VALUES_LIST\b": r"\1L1C_L2A_Quantification_Values_List",
    r"( *)(<BOA_QUANTIFICATION_VALUE)": r'\1<L1C_TOA_QUANTIFICATION_VALUE unit="none">10000'
    r"</L1C_TOA_QUANTIFICATION_VALUE>\n\1\2",
    r"(</?)(BOA|AOT|WVP)_QUANTIFICATION_VALUE\b": r"\1L2A_\2_QUANTIFICATION_VALUE",
    r">Level-2A<": ">Level-2Ap<",
    r">S2MSI2A<": ">S2MSI2Ap<",
}
"""Of issue 14.9 and 14.2, by regular expression."""
_TOP = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'


@dataclass(frozen=True)
class _Names:
    """Names of a product and of what it holds."""

    level: str
    baseline: str
    tile: str
    taken: str
    made: str
    psd: str

    @property
    def product(self) -> str:
        """Folder of the product."""
        return f"S2A_MSI{self.level}_{self.taken}_N{self.baseline.replace('.', '')}_R011_T{self.tile}_{self.made}.SAFE"

    @property
    def granule(self) -> str:
        """Folder of the tile."""
        return f"{self.level}_T{self.tile}_A050999_{self.taken}"

    @property
    def datastrip(self) -> str:
        """Folder of the data strip."""
        return f"DS_2APS_{self.made}_S{self.taken}"

    def identify(self, kind: str) -> str:
        """Return the identifier of a tile (TL) or data strip (DS)."""
        place = f"A050999_T{self.tile}" if kind == "TL" else f"S{self.taken}"
        return f"S2A_OPER_MSI_{self.level}_{kind}_2APS_{self.made}_{place}_N{self.baseline}"

    def image(self, band: str, pixel_m: int) -> str:
        """Return the name of a raster below the product's folder, without its ending."""
        folder, ending = (f"/R{pixel_m}m", f"_{pixel_m}m") if self.level == "L2A" else ("", "")
        return f"GRANULE/{self.granule}/IMG_DATA{folder}/{self.stem}_{band}{ending}"

    @property
    def stem(self) -> str:
        """What names of images begin with."""
        return f"{'L2A_' if self.psd == _OLD_PSD else ''}T{self.tile}_{self.taken}"


def write_safe(
    folder: Path,
    ground: Ground,
    *,
    level: str = "L2A",
    baseline: str = "05.09",
    offset: bool | None = None,
    shifted: bool | None = None,
    zipped: bool = False,
    stored: bool = False,
    psd: str = "14.9",
) -> Path:
    """Write a product of one tile.

    Parameters
    ----------
    folder : Path
        Holds the product.
    ground : Ground
        10 m.
    level : str
        ``L1C`` or ``L2A``.
    baseline : str
        Processing baseline.
    offset : bool, optional
        Whether the metadata state an offset of -1000; by default from baseline 04.00 on.
    shifted : bool, optional
        Whether 1000 is added to the stored values; by default where the metadata say so.
    zipped : bool
        As a ZIP archive in place of a folder.
    stored : bool
        Whether the archive is not compressed.
    psd : str
        Issue of the specification: 14.9, or 14.2 for Level-2A of 2017 and 2018.

    Returns
    -------
    Path
        Of the folder, or the archive.
    """
    modern = baseline >= "04.00"
    offset = modern if offset is None else offset
    names = _name_product(ground, level, baseline, psd)
    root = folder / names.product
    images = _write_images(root, ground, names, added=_ADDED if (offset if shifted is None else shifted) else 0)
    _write_masks(root / "GRANULE" / names.granule / "QI_DATA", ground, names, modern=modern)
    texts = {
        "manifest.safe": _format_manifest(names, images),
        f"MTD_MSI{level}.xml": _format_product(ground, names, images, offset=offset),
        f"GRANULE/{names.granule}/MTD_TL.xml": _format_tile(ground, names),
        f"DATASTRIP/{names.datastrip}/MTD_DS.xml": _format_datastrip(names),
    }
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_age(text) if psd == _OLD_PSD else text, encoding="utf-8")
    return zip_safe(root, stored=stored) if zipped else root


def zip_safe(root: Path, *, stored: bool = False) -> Path:
    """Put a product's folder into a ZIP archive beside it, the folder at its top, and remove it."""
    path = root.with_suffix(".zip")
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in (root, *sorted(root.rglob("*"))):
            name = file.relative_to(root.parent).as_posix()
            entry = zipfile.ZipInfo(f"{name}/" if file.is_dir() else name, (2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if file.is_dir() else method
            entry.external_attr = (0o40755 if file.is_dir() else 0o100644) << 16
            archive.writestr(entry, b"" if file.is_dir() else file.read_bytes())
    shutil.rmtree(root)
    return path


def _name_product(ground: Ground, level: str, baseline: str, psd: str) -> _Names:
    west, south, east, north = ground.grid.boundingbox.bbox
    lat, lon = Transformer.from_crs(ground.epsg, 4326).transform((west + east) / 2, (south + north) / 2)
    tile = str(MGRS().toMGRS(lat, lon, MGRSPrecision=0))
    made = ground.acquired + timedelta(hours=4)
    return _Names(level, baseline, tile, f"{ground.acquired:%Y%m%dT%H%M%S}", f"{made:%Y%m%dT%H%M%S}", psd)


def _write_images(root: Path, ground: Ground, names: _Names, *, added: int) -> tuple[str, ...]:
    """Write bands and classification; return their names below the product's folder, without their endings."""
    written = []
    for position, number in enumerate(BAND_FILES):
        seen = ground.at(10 if position < 4 else 20)
        stored = to_integers(_see(seen.values[position], names, position), added=added, per_unit=_QUANTIFICATION)
        written.append(names.image(number, int(seen.pixel_m)))
        write_jp2(root / f"{written[-1]}.jp2", stored, seen.grid)
    for pixel_m in (20, 60) if names.level == "L2A" else ():
        seen = ground.at(pixel_m)
        written.append(names.image("SCL", pixel_m))
        write_jp2(root / f"{written[-1]}.jp2", seen.scl, seen.grid)
    return tuple(written)


def _see(surface: Array, names: _Names, position: int) -> Array:
    """Return what the product tells of a band: at the surface, or at the top of the atmosphere."""
    if names.level == "L2A":
        return surface
    top: Array = surface * np.float32(_TRANSMITTANCE[position]) + np.float32(_PATH_REFLECTANCE[position])
    return np.where(surface == 0, np.float32(0), top)


def _write_masks(folder: Path, ground: Ground, names: _Names, *, modern: bool) -> None:
    seen = ground.at(60)
    classes = np.stack([np.isin(seen.scl, codes) for codes in ((8, 9), (10,), (11,))]).astype(np.uint8)
    if modern:
        write_jp2(folder / "MSK_CLASSI_B00.jp2", classes, seen.grid)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "MSK_CLOUDS_B00.gml").write_text(_format_clouds(classes, seen, names), encoding="utf-8")
    if names.level == "L2A":
        finer = ground.at(20)
        name = f"{names.stem}_CLD_20m.jp2" if names.psd == _OLD_PSD else "MSK_CLDPRB_20m.jp2"
        write_jp2(folder / name, np.where(np.isin(finer.scl, (8, 9, 10)), 95, 2).astype("u1"), finer.grid)


def _format_clouds(classes: Array, seen: Ground, names: _Names) -> str:
    srs = f"urn:ogc:def:crs:EPSG:8.7:{seen.epsg}"
    members = []
    for kind, mask in zip(("OPAQUE", "CIRRUS"), classes, strict=False):
        shapes = features.shapes(mask, mask=mask.astype(bool), transform=seen.grid.affine)
        for number, (shape, _) in enumerate(shapes):
            members.append(_format_cloud(f"{kind}.{number}", kind, shape["coordinates"]))
    west, south, east, north = (f"{edge:.0f}" for edge in seen.grid.boundingbox.bbox)
    envelope = (
        f'  <gml:boundedBy>\n    <gml:Envelope srsName="{srs}">\n'
        f"      <gml:lowerCorner>{west} {south}</gml:lowerCorner>\n"
        f"      <gml:upperCorner>{east} {north}</gml:upperCorner>\n    </gml:Envelope>\n  </gml:boundedBy>\n"
    )
    identity = f"S2A_OPER_MSK_CLOUDS_2APS_{names.made}_A050999_T{names.tile}_B00_MSIL1C"
    drawn = "  <eop:maskMembers>\n" + "".join(members) + "  </eop:maskMembers>\n"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:gml="http://www.opengis.net/gml/3.2" '
        f'gml:id="{identity}">\n  <gml:name>MSK_CLOUDS pixels mask from data-strip {identity}</gml:name>\n'
        f"{envelope + drawn if members else ''}</eop:Mask>\n"
    )


def _format_cloud(identity: str, kind: str, rings: Sequence[Sequence[tuple[float, float]]]) -> str:
    places = []
    for position, ring in enumerate(rings):
        side = "interior" if position else "exterior"
        numbers = " ".join(f"{east:.0f} {north:.0f}" for east, north in ring)
        places.append(
            f'          <gml:{side}>\n            <gml:LinearRing>\n              <gml:posList srsDimension="2">'
            f"{numbers}</gml:posList>\n            </gml:LinearRing>\n          </gml:{side}>\n"
        )
    return (
        f'    <eop:MaskFeature gml:id="{identity}">\n'
        f'      <eop:maskType codeSpace="urn:gs2:S2PDGS:maskType">{kind}</eop:maskType>\n      <eop:extentOf>\n'
        f'        <gml:Polygon gml:id="{identity}_Polygon">\n{"".join(places)}        </gml:Polygon>\n'
        "      </eop:extentOf>\n    </eop:MaskFeature>\n"
    )


def _format_product(ground: Ground, names: _Names, images: Sequence[str], *, offset: bool) -> str:
    number = names.level[1:]
    taken = f"{ground.acquired:%Y-%m-%dT%H:%M:%S}.024Z"
    cloudy = float(np.isin(ground.scl, (8, 9, 10)).mean() * 100)
    return f"""{_TOP}<n1:Level-{number}_User_Product xmlns:n1="{_NAMESPACE}/User_Product_Level-{number}.xsd" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="{_NAMESPACE}/User_Product_Level-{number}.xsd">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>{taken}</PRODUCT_START_TIME>
      <PRODUCT_STOP_TIME>{taken}</PRODUCT_STOP_TIME>
      <PRODUCT_URI>{names.product}</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-{number}</PROCESSING_LEVEL>
      <PRODUCT_TYPE>S2MSI{number}</PRODUCT_TYPE>
      <PROCESSING_BASELINE>{names.baseline}</PROCESSING_BASELINE>
      <GENERATION_TIME>{ground.acquired + timedelta(hours=4):%Y-%m-%dT%H:%M:%S}.000000Z</GENERATION_TIME>
      <PREVIEW_IMAGE_URL>Not applicable</PREVIEW_IMAGE_URL>
      <PREVIEW_GEO_INFO>Not applicable</PREVIEW_GEO_INFO>
      <Datatake datatakeIdentifier="GS2A_{names.taken}_050999_N{names.baseline}">
        <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
        <DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
        <DATATAKE_SENSING_START>{taken}</DATATAKE_SENSING_START>
        <SENSING_ORBIT_NUMBER>11</SENSING_ORBIT_NUMBER>
        <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
      </Datatake>
      <Query_Options completeSingleTile="true">
        <PRODUCT_FORMAT>SAFE_COMPACT</PRODUCT_FORMAT>
      </Query_Options>
      <Product_Organisation>
        <Granule_List>
{_format_granules(names, images)}
        </Granule_List>
      </Product_Organisation>
    </Product_Info>
    <Product_Image_Characteristics>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>
      </Special_Values>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX>
      </Special_Values>
      <Image_Display_Order>
        <RED_CHANNEL>3</RED_CHANNEL>
        <GREEN_CHANNEL>2</GREEN_CHANNEL>
        <BLUE_CHANNEL>1</BLUE_CHANNEL>
      </Image_Display_Order>
{_format_radiometry(names, offset=offset)}
{_format_bands(names.level)}
    </Product_Image_Characteristics>
  </n1:General_Info>
  <n1:Quality_Indicators_Info>
    <Cloud_Coverage_Assessment>{cloudy:.6f}</Cloud_Coverage_Assessment>
  </n1:Quality_Indicators_Info>
</n1:Level-{number}_User_Product>
"""


def _format_granules(names: _Names, images: Sequence[str]) -> str:
    groups = [images]
    if names.psd == _OLD_PSD:
        groups = [[image for image in images if f"/R{size}m/" in image] for size in (10, 20, 60)]
    lines = []
    for group in groups:
        identity = f'datastripIdentifier="{names.identify("DS")}" granuleIdentifier="{names.identify("TL")}"'
        lines += [f'          <Granule {identity} imageFormat="JPEG2000">']
        lines += [f"            <IMAGE_FILE>{image}</IMAGE_FILE>" for image in group]
        lines += ["          </Granule>"]
    return "\n".join(lines)


def _age(text: str) -> str:
    """Tell metadata of a Level-2A product in the words of issue 14.2."""
    for pattern, new in _OLD_WORDS.items():
        text = re.sub(pattern, new, text)
    return text


def _format_radiometry(names: _Names, *, offset: bool) -> str:
    surface = names.level == "L2A"
    if surface:
        scale = f"""      <QUANTIFICATION_VALUES_LIST>
        <BOA_QUANTIFICATION_VALUE unit="none">{_QUANTIFICATION}</BOA_QUANTIFICATION_VALUE>
        <AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE>
        <WVP_QUANTIFICATION_VALUE unit="cm">1000.0</WVP_QUANTIFICATION_VALUE>
      </QUANTIFICATION_VALUES_LIST>"""
    else:
        scale = f'      <QUANTIFICATION_VALUE unit="none">{_QUANTIFICATION}</QUANTIFICATION_VALUE>'
    if not offset:
        return scale
    tag, group = (
        ("BOA_ADD_OFFSET", "BOA_ADD_OFFSET_VALUES_LIST") if surface else ("RADIO_ADD_OFFSET", "Radiometric_Offset_List")
    )
    lines = [f'        <{tag} band_id="{number}">-{_ADDED}</{tag}>' for number in range(len(_BAND_IDS))]
    return "\n".join([scale, f"      <{group}>", *lines, f"      </{group}>"])


def _format_bands(level: str) -> str:
    lines = ["      <Spectral_Information_List>"]
    for number, (band, centre) in enumerate(zip(_BAND_IDS, _CENTRES_NM, strict=True)):
        if level == "L2A" and band == "B10":
            continue
        pixel_m = 10 if band in {"B2", "B3", "B4", "B8"} else 60 if band in {"B1", "B9", "B10"} else 20
        lines += [
            f'        <Spectral_Information bandId="{number}" physicalBand="{band}">',
            f"          <RESOLUTION>{pixel_m}</RESOLUTION>",
            f'          <Wavelength>\n            <CENTRAL unit="nm">{centre}</CENTRAL>\n          </Wavelength>',
            "        </Spectral_Information>",
        ]
    return "\n".join([*lines, "      </Spectral_Information_List>"])


def _format_tile(ground: Ground, names: _Names) -> str:
    number, seen = names.level[1:], ground.acquired + timedelta(minutes=4, seconds=20)
    sizes, places = [], []
    for pixel_m in (10, 20, 60):
        grid = ground.at(pixel_m).grid
        rows, cols = grid.shape
        sizes.append(
            f'      <Size resolution="{pixel_m}">\n        <NROWS>{rows}</NROWS>\n'
            f"        <NCOLS>{cols}</NCOLS>\n      </Size>"
        )
        places.append(
            f'      <Geoposition resolution="{pixel_m}">\n        <ULX>{grid.affine.c:.0f}</ULX>\n'
            f"        <ULY>{grid.affine.f:.0f}</ULY>\n        <XDIM>{pixel_m}</XDIM>\n        <YDIM>-{pixel_m}</YDIM>\n"
            "      </Geoposition>"
        )
    geocoding = "\n".join([*sizes, *places])
    zone = f"{ground.epsg % 100}{'S' if 32700 <= ground.epsg < 32800 else 'N'}"
    return f"""{_TOP}<n1:Level-{number}_Tile_ID xmlns:n1="{_NAMESPACE}/S2_PDI_Level-{number}_Tile_Metadata.xsd" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="{_NAMESPACE}/S2_PDI_Level-{number}_Tile_Metadata.xsd">
  <n1:General_Info>
    <TILE_ID metadataLevel="Brief">{names.identify("TL")}</TILE_ID>
    <DATASTRIP_ID metadataLevel="Standard">{names.identify("DS")}</DATASTRIP_ID>
    <DOWNLINK_PRIORITY metadataLevel="Standard">NOMINAL</DOWNLINK_PRIORITY>
    <SENSING_TIME metadataLevel="Standard">{seen:%Y-%m-%dT%H:%M:%S}.838906Z</SENSING_TIME>
  </n1:General_Info>
  <n1:Geometric_Info>
    <Tile_Geocoding metadataLevel="Brief">
      <HORIZONTAL_CS_NAME>WGS84 / UTM zone {zone}</HORIZONTAL_CS_NAME>
      <HORIZONTAL_CS_CODE>EPSG:{ground.epsg}</HORIZONTAL_CS_CODE>
{geocoding}
    </Tile_Geocoding>
    <Tile_Angles metadataLevel="Standard">
      <Mean_Sun_Angle>
        <ZENITH_ANGLE unit="deg">30.0</ZENITH_ANGLE>
        <AZIMUTH_ANGLE unit="deg">65.0</AZIMUTH_ANGLE>
      </Mean_Sun_Angle>
    </Tile_Angles>
  </n1:Geometric_Info>
  <n1:Quality_Indicators_Info metadataLevel="Standard">
    <Image_Content_QI>
      <CLOUDY_PIXEL_PERCENTAGE>{np.isin(ground.scl, (8, 9, 10)).mean() * 100:.6f}</CLOUDY_PIXEL_PERCENTAGE>
    </Image_Content_QI>
  </n1:Quality_Indicators_Info>
</n1:Level-{number}_Tile_ID>
"""


def _format_datastrip(names: _Names) -> str:
    number = names.level[1:]
    return f"""{_TOP}<n1:Level-{number}_DataStrip_ID \
xmlns:n1="{_NAMESPACE}/S2_PDI_Level-{number}_Datastrip_Metadata.xsd">
  <n1:General_Info>
    <Datatake_Info datatakeIdentifier="GS2A_{names.taken}_050999_N{names.baseline}">
      <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
    </Datatake_Info>
  </n1:General_Info>
</n1:Level-{number}_DataStrip_ID>
"""


def _format_manifest(names: _Names, images: Sequence[str]) -> str:
    number = names.level[1:]
    units = [f"MTD_MSI{names.level}.xml", f"GRANULE/{names.granule}/MTD_TL.xml", *(f"{image}.jp2" for image in images)]
    objects = "\n".join(
        f'    <dataObject ID="Object_{position}">\n      <byteStream>\n'
        f'        <fileLocation locatorType="URL" href="./{unit}"/>\n      </byteStream>\n    </dataObject>'
        for position, unit in enumerate(units)
    )
    return f"""{_TOP}<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" \
xmlns:safe="http://www.esa.int/safe/sentinel/1.1" \
version="esa/safe/sentinel/1.1/sentinel-2/msi/archive_{names.level.lower()}_user_product">
  <informationPackageMap>
    <xfdu:contentUnit textInfo="SENTINEL-2 MSI Level-{number} User Product" unitType="Product_Level-{number}"/>
  </informationPackageMap>
  <dataObjectSection>
{objects}
  </dataObjectSection>
</xfdu:XFDU>
"""
