"""Folders and archives of products: what is listed, read and measured, and what is refused whole."""

from __future__ import annotations

import copy
import csv
import gzip
import hashlib
import io
import os
import struct
import tarfile
import time
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from colibri_geo.documents import METADATA, parse_xml
from colibri_geo.errors import (
    ArchiveError,
    ColibriError,
    InputTooLarge,
    NotAFile,
    ProductIncomplete,
    UnsafeSource,
    UnsafeXML,
    UnsupportedFormat,
)
from colibri_geo.scenes import archives
from colibri_geo.scenes.bundle import Bundle, open_bundle
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.paths import name_folder

FILES = {
    "P.SAFE/manifest.safe": b"<a/>",
    "P.SAFE/GRANULE/L2A/MTD_TL.xml": b"<b/>" * 50,
    "P.SAFE/GRANULE/L2A/IMG_DATA/R10m/T_B04_10m.jp2": bytes(range(256)) * 40,
    "P.SAFE/HTML/niño.html": b"",
}
SAFE_FOLDERS = ("AUX_DATA", "DATASTRIP", "DATASTRIP/DS_S2A", "GRANULE", "GRANULE/L2A", "HTML", "rep_info")

Change = Callable[[list[zipfile.ZipInfo]], None]


def write_folder(path: Path, files: dict[str, bytes] = FILES) -> Path:
    """Write files into a folder."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def write_zip(path: Path, files: dict[str, bytes] = FILES, *, change: Change | None = None) -> Path:
    """Write files into a ZIP; `change` alters what its list of entries says of them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        if change is not None:
            change(archive.filelist)
    return path


def write_tar(
    path: Path, files: dict[str, bytes] = FILES, *, form: int = tarfile.PAX_FORMAT, kind: bytes = tarfile.REGTYPE
) -> Path:
    """Write files into a TAR, all of one kind."""
    with tarfile.open(path, "w:", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type = kind
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            member.linkname = "elsewhere" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            archive.addfile(member, io.BytesIO(content))
    return path


WRITERS = {"folder": write_folder, "zip": write_zip, "tar": write_tar}


def refuse(path: Path, words: str, error: type[ColibriError] = ArchiveError) -> None:
    """Expect that the whole archive is refused, in one line that names it."""
    with pytest.raises(error, match=words) as caught:
        open_bundle(path)
    assert str(caught.value).startswith(f"{path.name}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


# --------------------------------------------------------------------------------------------- what they have in common
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_the_same_files_come_out_of_folder_and_archives(tmp_path: Path, writer: Callable[[Path], Path]) -> None:
    """Names are sorted, files are found by pattern and read whole, nothing is written."""
    path = writer(tmp_path / "product")
    there = sorted(tmp_path.rglob("*"))
    bundle = open_bundle(path)
    assert bundle.names == tuple(sorted(FILES))
    assert {name: bundle.read(name) for name in bundle.names} == FILES
    assert bundle.find(r"mtd_tl\.XML$") == ("P.SAFE/GRANULE/L2A/MTD_TL.xml",)
    for name in bundle.names:
        file = bundle.raster(name)
        assert file.name == name.rpartition("/")[2]
        assert file.size_bytes == len(FILES[name])
        with file.open() as content:
            content.seek(3)
            assert content.read() == FILES[name][3:]
            content.seek(0)
            assert content.read(2) == FILES[name][:2]
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("name", ["../secret.txt", "P.SAFE", "P.SAFE/none.xml", "/etc/hostname", ""])
def test_only_listed_names_are_opened(tmp_path: Path, writer: Callable[[Path], Path], name: str) -> None:
    """A name that metadata made up leads nowhere, not even to a file that is there."""
    (tmp_path / "secret.txt").write_text("secret")
    bundle = open_bundle(writer(tmp_path / "product"))
    for use in (bundle.read, bundle.raster, lambda name: bundle.digest((name,)), lambda name: bundle.measure((name,))):
        with pytest.raises(ProductIncomplete, match="holds no file"):
            use(name)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_metadata_beyond_the_limit_are_refused(
    tmp_path: Path, writer: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    """A file of more than 64 MiB is no metadata; it is still a raster."""
    bundle = open_bundle(writer(tmp_path / "product", {"a.xml": bytes(METADATA.size_bytes + 1), "b.xml": b"b"}))
    with pytest.raises(InputTooLarge, match=r"product: a\.xml: 64 MiB"):
        bundle.read("a.xml")
    assert bundle.raster("a.xml").size_bytes == METADATA.size_bytes + 1


def test_the_digest_of_an_archive_is_that_of_its_bytes(tmp_path: Path) -> None:
    """Of an archive digest and size are those of the file, whichever names are asked for."""
    for path in (write_zip(tmp_path / "a.zip"), write_tar(tmp_path / "a.tar")):
        bundle = open_bundle(path)
        assert bundle.digest(bundle.names[:1]) == hashlib.sha256(path.read_bytes()).hexdigest()
        assert bundle.measure(bundle.names[:1]) == path.stat().st_size


def test_the_digest_of_a_folder_knows_names_and_bytes(tmp_path: Path) -> None:
    """Order and other files do not matter; a byte or a name that changes does."""
    bundle = open_bundle(write_folder(tmp_path / "a", {"x": b"1", "y": b"2", "z": b"3"}))
    digest = bundle.digest(("x", "y"))
    assert digest == bundle.digest(("y", "x")) == bundle.digest(("x", "y", "x"))
    assert bundle.measure(("x", "y")) == 2
    others = ({"x": b"1", "y": b"3"}, {"x": b"2", "y": b"1"})
    digests = {open_bundle(write_folder(tmp_path / str(n), files)).digest(("x", "y")) for n, files in enumerate(others)}
    digests.add(open_bundle(write_folder(tmp_path / "renamed", {"x": b"1", "w": b"2"})).digest(("x", "w")))
    assert len(digests | {digest, bundle.digest(("x",)), bundle.digest(("x", "y", "z"))}) == 6


@pytest.mark.parametrize("kind", ["zip", "pax", "ustar", "gnu"])
def test_gdal_reads_the_rasters_of_an_archive(tmp_path: Path, kind: str, rng: np.random.Generator) -> None:
    """Whatever the archive is called and however long and accented the names, the pixels are those of the file."""
    values = rng.integers(0, 255, (1, 32, 32), dtype=np.uint8)
    options = {"driver": "GTiff", "width": 32, "height": 32, "count": 1, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a.tif", "w", transform=Affine(10, 0, 300_000, 0, -10, 200_000), **options) as image:
        image.write(values)
    content = (tmp_path / "a.tif").read_bytes()
    names = ["d/a.tif", "./d/b.tif", "d/niño {1}, 2.tif"] + (["x" * 90 + "/" + "y" * 90 + ".tif"] * (kind != "ustar"))
    files = {"0.txt": b"0", **dict.fromkeys(names, content)}
    path = tmp_path / "renamed.bin"
    if kind == "zip":
        write_zip(path, files)
    else:
        form = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT}.get(kind, tarfile.PAX_FORMAT)
        write_tar(path, files, form=form)
    bundle = open_bundle(path)
    assert bundle.names == tuple(sorted(name.removeprefix("./") for name in files))
    for name in bundle.find(r"\.tif$"):
        with rasterio.open(bundle.raster(name).gdal_path, driver="GTiff") as image:
            np.testing.assert_array_equal(image.read(), values)


def test_faults_of_the_caller_stay_what_they_are(tmp_path: Path) -> None:
    """An error raised while an entry is open is not told as one of the archive."""
    for path in (write_zip(tmp_path / "a.zip"), write_tar(tmp_path / "a.tar")):
        with pytest.raises(KeyError, match="mine"), RasterFile(path, "P.SAFE/manifest.safe").open():
            raise KeyError("mine")
        with pytest.raises(ArchiveError, match="holds no file"), RasterFile(path, "none").open():
            pass


def test_an_archive_that_was_replaced_is_listed_anew(tmp_path: Path) -> None:
    """What is remembered of an archive is forgotten with its bytes."""
    path = write_zip(tmp_path / "a.zip", {"a": b"1"})
    assert open_bundle(path).names == ("a",)
    write_zip(path, {"b": b"12"})
    assert open_bundle(path).names == ("b",)


# ------------------------------------------------------------------------------------------------ archives as they come
def test_a_copernicus_zip_is_read(tmp_path: Path) -> None:
    """Entries of folders, empty ones too, are nothing to read; the product's folder stays in the names."""
    folders = {f"P.SAFE/{folder}/": b"" for folder in SAFE_FOLDERS}
    bundle = open_bundle(write_zip(tmp_path / "p.zip", {"P.SAFE/": b"", **folders, **FILES}))
    assert bundle.names == tuple(sorted(FILES))


def test_what_desktops_leave_behind_is_left_out(tmp_path: Path) -> None:
    """Archives and folders from macOS and Windows hold files of the desktop's own, which are none of the product's."""
    litter = (
        "__MACOSX/P.SAFE/Icon",
        "P.SAFE/.DS_Store",
        "P.SAFE/._manifest.safe",
        "Thumbs.db",
        "Desktop.ini",
    )
    files = {**FILES, **dict.fromkeys(litter, b"\0")}
    for name, writer in WRITERS.items():
        assert open_bundle(writer(tmp_path / name, files)).names == tuple(sorted(FILES))


def test_names_of_other_systems_are_read(tmp_path: Path) -> None:
    """Names with decomposed accents (macOS), in the older code page (Windows), and from `tar cf` of a folder itself."""
    name = unicodedata.normalize("NFD", "niño.tif")
    assert open_bundle(write_zip(tmp_path / "mac.zip", {name: b"1"})).read(name) == b"1"
    content = write_zip(tmp_path / "win.zip", {"ni_o.tif": b"1"}).read_bytes()
    (tmp_path / "win.zip").write_bytes(content.replace(b"ni_o.tif", b"ni\xa4o.tif"))
    assert open_bundle(tmp_path / "win.zip").read("niño.tif") == b"1"
    folder = write_folder(tmp_path / "folder")
    with tarfile.open(tmp_path / "dot.tar", "w:") as archive:
        archive.add(folder, ".")
    bundle = open_bundle(tmp_path / "dot.tar")
    assert {name: bundle.read(name) for name in bundle.names} == FILES


def test_a_large_archive_of_the_longer_form_is_read(tmp_path: Path) -> None:
    """The form for sizes beyond 4 GiB (ZIP64) is known, also where the numbers of the older form are left empty."""
    path = write_zip(tmp_path / "a.zip", {"a": b"1", "b": b"2"})
    content = path.read_bytes()
    at = content.rindex(b"PK\x05\x06")
    _, _, _, _, count, size, offset, _ = struct.unpack("<4sHHHHIIH", content[at:])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(content[:at] + record + locator + end)
    assert open_bundle(path).read("b") == b"2"
    path.write_bytes(content[:at] + record.replace(b"PK\x06\x06", b"PK\x06\x00") + locator + end)
    refuse(path, "cannot be found")


def test_nested_archives_are_left_alone(tmp_path: Path) -> None:
    """An archive inside of an archive is a file like any other."""
    inner = write_zip(tmp_path / "inner.zip", {"../x": b""}).read_bytes()
    assert open_bundle(write_zip(tmp_path / "a.zip", {"inner.zip": inner})).read("inner.zip") == inner


# -------------------------------------------------------------------------------------------------------- refused whole
NAMES = {
    "/etc/x": "absolute",
    "C:/x": "absolute",
    "c:x": "absolute",
    "../x": r"\.\.",
    "a/../../x": r"\.\.",
    "a/..": r"\.\.",
    "a\\b": "backslash",
    "\\\\host\\x": "backslash",
    "a\nb": "control",
    "a\x1b[2Jb": "control",
    "a\x85b": "control",
    "a\u2028b": "control",
    "a//b": "empty",
    "a/./b": "empty",
    "a" * 1100: "1,024",
}


@pytest.mark.parametrize(("name", "words"), NAMES.items(), ids=map(repr, [name[:20] for name in NAMES]))
@pytest.mark.parametrize("writer", [write_zip, write_tar])
def test_names_that_lead_elsewhere_are_refused(
    tmp_path: Path, writer: Callable[[Path, dict[str, bytes]], Path], name: str, words: str
) -> None:
    """One such name among good ones is enough, as a file and as a folder."""
    refuse(writer(tmp_path / "a", {"good": b"", name: b"x"}), words)
    if writer is write_zip:
        refuse(writer(tmp_path / "b", {f"{name}/": b""}), words)


def test_names_that_end_early_are_refused(tmp_path: Path) -> None:
    """A zero byte, at which some programs stop to read a name, is a control character."""
    content = write_zip(tmp_path / "a.zip", {"a.tif_..": b"x"}).read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"a.tif_..", b"a.tif\0.."))
    refuse(tmp_path / "a.zip", "control")


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 where UTF-8 is promised are no name."""
    for path, place in (
        (write_zip(tmp_path / "a.zip", {"é": b"x"}), "é"),
        (write_tar(tmp_path / "a.tar", {"é": b"x"}), "é"),
    ):
        path.write_bytes(path.read_bytes().replace(place.encode(), b"\xff\xfe"))
        with pytest.raises(ArchiveError):
            open_bundle(path)
    path = write_tar(tmp_path / "b.tar", {"é": b"x"}, form=tarfile.GNU_FORMAT)
    content = bytearray(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    path.write_bytes(bytes(content))
    refuse(path, "not UTF-8")


@pytest.mark.parametrize("writer", [write_zip, write_tar])
@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("d/B04.tif", "d/b04.TIF", "case clash"),
        ("d/B04.tif", "D/B04.tif", "case clash"),
        ("niño", unicodedata.normalize("NFD", "niño"), "case clash"),
        ("STRASSE", "straße", "case clash"),
        ("out", "out/x", "both a file and a folder"),
        ("OUT", "out/x/y", "both a file and a folder"),
    ],
)
def test_names_that_are_one_on_other_systems_are_refused(
    tmp_path: Path, writer: Callable[[Path, dict[str, bytes]], Path], one: str, other: str, words: str
) -> None:
    """Letter case and ways to write an accent do not tell two files apart, in either order."""
    refuse(writer(tmp_path / "a", {one: b"1", other: b"2"}), words)
    refuse(writer(tmp_path / "b", {other: b"1", one: b"2"}), words)


def write_twice(path: Path, name: str) -> Path:
    """Write a ZIP of two entries of one name."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(name, b"")
    return path


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    """Programs do not agree on which of the two counts; the same folder twice does no harm."""
    refuse(write_twice(tmp_path / "a.zip", "x"), "twice the same name")
    assert open_bundle(write_twice(tmp_path / "b.zip", "d/")).names == ()
    with tarfile.open(tmp_path / "a.tar", "w:") as archive:
        archive.addfile(tarfile.TarInfo("./x"))
        archive.addfile(tarfile.TarInfo("x"))
    refuse(tmp_path / "a.tar", "twice the same name")


def _set_mode(mode: int) -> Change:
    def change(entries: list[zipfile.ZipInfo]) -> None:
        entries[-1].external_attr = mode << 16

    return change


@pytest.mark.parametrize(
    ("mode", "words"),
    [(0o120777, "links are not allowed"), (0o010644, "neither"), (0o020644, "neither"), (0o140644, "neither")],
)
@pytest.mark.parametrize("system", [0, 3])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, mode: int, words: str, system: int) -> None:
    """Whatever system the entry says it comes from."""

    def change(entries: list[zipfile.ZipInfo]) -> None:
        _set_mode(mode)(entries)
        entries[-1].create_system = system

    refuse(write_zip(tmp_path / "a.zip", {"good": b"", "out": b"/etc"}, change=change), words)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "links are not allowed"),
        (tarfile.LNKTYPE, "links are not allowed"),
        (tarfile.FIFOTYPE, "neither"),
        (tarfile.CHRTYPE, "neither"),
        (tarfile.BLKTYPE, "neither"),
        (tarfile.CONTTYPE, "neither"),
        (tarfile.GNUTYPE_SPARSE, "neither"),
        (b"V", "neither"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes, words: str) -> None:
    """Only files and folders are allowed."""
    refuse(write_tar(tmp_path / "a.tar", {"out": b""}, kind=kind), words)


@pytest.mark.parametrize("writer", [write_zip, write_tar])
def test_too_many_entries_are_refused(tmp_path: Path, writer: Callable[[Path, dict[str, bytes]], Path]) -> None:
    """The limit itself is allowed, one more is not; folders count."""
    files = {f"d/{number}": b"" for number in range(archives.MAX_ENTRIES)}
    assert len(open_bundle(writer(tmp_path / "a", files)).names) == archives.MAX_ENTRIES
    refuse(writer(tmp_path / "b", {**files, "x": b""}), "entry limit")


def test_a_list_that_hides_its_length_is_refused(tmp_path: Path) -> None:
    """The list itself is counted and measured where it says that it has few entries."""
    path = write_zip(tmp_path / "a.zip", {f"{number}": b"" for number in range(archives.MAX_ENTRIES + 1)})
    content = bytearray(path.read_bytes())
    content[-14:-10] = struct.pack("<HH", 1, 1)
    path.write_bytes(bytes(content))
    refuse(path, "entry limit")
    content[-10:-6] = struct.pack("<I", 2**31)
    path.write_bytes(bytes(content))
    refuse(path, "entry limit")


def test_archives_that_unpack_to_too_much_are_refused(tmp_path: Path) -> None:
    """A large entry that was next to nothing, entries that are too much together, or that share their bytes."""

    def explode(entries: list[zipfile.ZipInfo]) -> None:
        entries[-1].file_size = 2**28 + 1

    refuse(write_zip(tmp_path / "a.zip", {"x": bytes(2000)}, change=explode), "1,000 times")

    def pile_up(entries: list[zipfile.ZipInfo]) -> None:
        for entry in entries:
            entry.file_size = 2**28

    files = {f"{number}": bytes(2000) for number in range(129)}
    refuse(write_zip(tmp_path / "b.zip", files, change=pile_up), "unpacks to 32 GiB")
    assert len(open_bundle(write_zip(tmp_path / "c.zip", dict(list(files.items())[1:]), change=pile_up)).names) == 128

    def share(entries: list[zipfile.ZipInfo]) -> None:
        for number in range(5):
            twin = copy.copy(entries[0])
            twin.filename = f"twin{number}"
            entries.append(twin)

    refuse(write_zip(tmp_path / "d.zip", {"x": os.urandom(2000)}, change=share), "overlap")


def test_constant_files_of_common_size_are_read(tmp_path: Path) -> None:
    """An empty mask shrinks more than a thousandfold, and is no attack."""
    content = bytes(20_000_000)
    bundle = open_bundle(write_zip(tmp_path / "a.zip", {"mask.tif": content}))
    assert bundle.measure(("mask.tif",)) < len(content) / archives.MAX_RATIO
    assert bundle.read("mask.tif") == content


@pytest.mark.parametrize("flag", [0x1, 0x41, 0x2001])
def test_password_protected_archives_are_refused(tmp_path: Path, flag: int) -> None:
    """What is needed is said: the password, which is not asked for here."""

    def protect(entries: list[zipfile.ZipInfo]) -> None:
        entries[0].flag_bits |= flag

    refuse(write_zip(tmp_path / "a.zip", change=protect), "password")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9, 93, 99])
def test_other_compression_is_refused(tmp_path: Path, method: int) -> None:
    """Only stored and deflated entries are read, by one decoder."""

    def change(entries: list[zipfile.ZipInfo]) -> None:
        entries[0].compress_type = method

    refuse(write_zip(tmp_path / "a.zip", change=change), f"method {method}")


def test_parts_of_an_archive_are_refused(tmp_path: Path) -> None:
    """Of an archive in several parts, none is read."""
    content = bytearray(write_zip(tmp_path / "a.zip").read_bytes())
    content[-18:-14] = struct.pack("<HH", 1, 0)
    (tmp_path / "a.zip").write_bytes(bytes(content))
    refuse(tmp_path / "a.zip", "multi-disk")
    path = write_zip(tmp_path / "b.zip", {"a": b"1"})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 34 : at + 36] = struct.pack("<H", 2)
    path.write_bytes(bytes(content))
    refuse(path, "multi-disk")
    (tmp_path / "c.z01").write_bytes(b"PK\x07\x08" + bytes(100))
    refuse(tmp_path / "c.z01", "split ZIP")


def test_stored_entries_have_one_size(tmp_path: Path) -> None:
    """What is not compressed cannot have two sizes."""

    def change(entries: list[zipfile.ZipInfo]) -> None:
        entries[0].compress_type = zipfile.ZIP_STORED

    refuse(write_zip(tmp_path / "a.zip", {"a": bytes(100)}, change=change), "two sizes")


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"x", mtime=0), b"BZh9" + bytes(9), b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a"]
)
def test_other_archives_are_refused_with_what_to_do(tmp_path: Path, packed: bytes) -> None:
    """Compressed TAR archives and those of other programs are to be decompressed first."""
    (tmp_path / "a.tar.gz").write_bytes(packed)
    refuse(tmp_path / "a.tar.gz", "decompress it first")


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    """Images, missing files and devices are neither folder nor archive."""
    (tmp_path / "a.zip").write_bytes(b"II*\0" + bytes(1000))
    refuse(tmp_path / "a.zip", "no archive", UnsupportedFormat)
    for path in (tmp_path / "none.zip", Path("/dev/null")):
        with pytest.raises(NotAFile, match="check the path"):
            open_bundle(path)


def test_a_brace_in_the_path_of_a_zip_is_refused(tmp_path: Path) -> None:
    """GDAL takes it for the end of the archive's path."""
    (tmp_path / "a}b").mkdir()
    refuse(write_zip(tmp_path / "a}b" / "p.zip"), "brace")
    assert open_bundle(write_tar(tmp_path / "a}b" / "p.tar")).names == tuple(sorted(FILES))
    assert open_bundle(write_folder(tmp_path / "a}b" / "p")).names == tuple(sorted(FILES))


# --------------------------------------------------------------------------------------------------------------- damage
def test_damage_to_a_named_entry_is_found(tmp_path: Path, rng: np.random.Generator) -> None:
    """Each file that is used is held to the archive's checksum, on reading and for the digest; others are not read."""
    noise = rng.bytes(3000)
    path = tmp_path / "a.zip"
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("good.xml", b"<a/>")
            archive.writestr("bad.tif", noise)
        content = bytearray(path.read_bytes())
        content[content.index(noise[500:550])] ^= 1
        path.write_bytes(bytes(content))
        bundle = open_bundle(path)
        assert bundle.digest(("good.xml",)) == hashlib.sha256(content).hexdigest()
        with pytest.raises(ArchiveError, match=r"a\.zip: its entry 'bad\.tif'.*CRC"):
            bundle.read("bad.tif")
        with pytest.raises(ArchiveError, match=r"a\.zip: its entry 'bad\.tif'.*CRC"):
            bundle.digest(("good.xml", "bad.tif"))


def test_a_damaged_stream_is_found(tmp_path: Path) -> None:
    """Bytes that cannot be inflated, and fewer of them than stated, are the archive's fault."""
    path = write_zip(tmp_path / "a.zip", {"a.xml": b"text " * 1000})
    content = bytearray(path.read_bytes())
    content[35:45] = b"\xff" * 10
    path.write_bytes(bytes(content))
    with pytest.raises(ArchiveError, match=r"a\.xml"):
        open_bundle(path).read("a.xml")

    def change(entries: list[zipfile.ZipInfo]) -> None:
        entries[0].file_size += 7

    bundle = open_bundle(write_zip(tmp_path / "b.zip", {"a.xml": b"text " * 1000}, change=change))
    for use in (bundle.read, lambda name: bundle.digest((name,))):
        with pytest.raises(ArchiveError, match=r"5,000 bytes of the 5,007 stated"):
            use("a.xml")


@pytest.mark.parametrize("writer", [write_zip, write_tar])
def test_archives_that_are_cut_short_are_refused(tmp_path: Path, writer: Callable[[Path], Path]) -> None:
    """At whichever place the download ended: what is missing may be a band."""
    content = writer(tmp_path / "whole").read_bytes()
    end = len(content.rstrip(b"\0")) if writer is write_tar else len(content)
    for size in range(600, end, 97):
        (tmp_path / "cut").write_bytes(content[:size])
        refuse(tmp_path / "cut", "cut short|cannot be read")


def test_a_tar_is_cut_in_a_file_or_between_two(tmp_path: Path) -> None:
    """Also where it ends with a whole file, it lacks the mark of its end."""
    content = write_tar(tmp_path / "whole", {"a": b"1" * 1000, "b": b"2" * 1000}).read_bytes()
    (tmp_path / "cut").write_bytes(content[:2500])
    refuse(tmp_path / "cut", "'b' ends outside")
    for size in (1536, 3072):
        (tmp_path / "cut").write_bytes(content[:size])
        refuse(tmp_path / "cut", "no end mark")
    (tmp_path / "cut").write_bytes(content[:3584])
    assert open_bundle(tmp_path / "cut").names == ("a", "b")


def test_folders_hold_no_bytes_of_their_own(tmp_path: Path) -> None:
    """A TAR whose folder has a size is read differently by different programs."""
    with tarfile.open(tmp_path / "a.tar", "w:") as archive:
        folder = tarfile.TarInfo("d")
        folder.type, folder.size = tarfile.DIRTYPE, 512
        archive.addfile(folder)
        archive.addfile(tarfile.TarInfo("hidden"))
    refuse(tmp_path / "a.tar", "its folder 'd' has 512 bytes")


def test_descriptions_that_move_bytes_are_refused(tmp_path: Path) -> None:
    """In a TAR, extended headers give names and times; sizes of their own, sparse files and long texts are refused."""
    for records, words in (
        ({"size": "5"}, "'size'"),
        ({"GNU.sparse.major": "1"}, "sparse"),
        ({"comment": "x" * 9000}, "8,192"),
    ):
        with tarfile.open(tmp_path / "a.tar", "w:") as archive:
            member = tarfile.TarInfo("a")
            member.pax_headers = dict(records)
            archive.addfile(member)
        refuse(tmp_path / "a.tar", words)
    with tarfile.open(tmp_path / "b.tar", "w:", pax_headers={"comment": "x"}) as archive:
        member = tarfile.TarInfo("a")
        member.pax_headers = {"mtime": "1.5", "SCHILY.xattr.user": "size=1"}
        archive.addfile(member)
    assert open_bundle(tmp_path / "b.tar").names == ("a",)


def test_sizes_below_nothing_are_refused(tmp_path: Path) -> None:
    """A negative size would send a reader backwards, for ever."""
    content = bytearray(write_tar(tmp_path / "a.tar", {"a": b"1", "b": b"2"}).read_bytes())
    content[124:136] = (-1024).to_bytes(12, "big", signed=True)
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    (tmp_path / "a.tar").write_bytes(bytes(content))
    refuse(tmp_path / "a.tar", "ends outside")


@pytest.mark.parametrize("writer", [write_zip, write_tar])
def test_random_damage_is_one_line(tmp_path: Path, writer: Callable[[Path], Path], rng: np.random.Generator) -> None:
    """Whatever bytes are changed, the archive is read or refused by an error of this project, soon."""
    content = writer(tmp_path / "whole").read_bytes()
    content = content[: len(content.rstrip(b"\0")) + 1024]
    told = []
    for _ in range(150):
        changed = np.frombuffer(content, dtype=np.uint8).copy()
        start = rng.integers(0, len(changed))
        headers = np.flatnonzero(changed[start:] == ord("P"))[:1] if writer is write_zip else []
        places = (start + (headers[0] if len(headers) else 0) + rng.integers(0, 60, rng.integers(1, 8))) % len(changed)
        changed[places] = rng.integers(0, 256, len(places))
        (tmp_path / "changed").write_bytes(changed.tobytes())
        try:
            bundle = open_bundle(tmp_path / "changed")
            bundle.digest(bundle.names)
            for name in bundle.names:
                bundle.read(name)
        except ColibriError as error:
            told.append(str(error))
    assert told
    assert all(text.startswith("changed: ") and "\n" not in text for text in told)


# -------------------------------------------------------------------------------------------------------------- folders
def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    """A link to a file, to a folder, or to nothing may show a stranger's files in place of the product's."""
    (tmp_path / "secret").write_text("secret")
    for number, target in enumerate((tmp_path / "secret", tmp_path, tmp_path / "nowhere")):
        folder = write_folder(tmp_path / str(number))
        (folder / "P.SAFE" / "x.xml").symlink_to(target)
        refuse(folder, "is a link", UnsafeSource)
    (tmp_path / "link").symlink_to(write_folder(tmp_path / "real"))
    assert open_bundle(tmp_path / "link").names == tuple(sorted(FILES))


@pytest.mark.parametrize("deep", [True, False])
def test_what_is_hidden_in_a_folder_is_passed_over(tmp_path: Path, deep: bool) -> None:
    """Hidden files and folders, environments with links among them, are no part of a product and are not walked."""
    folder = write_folder(tmp_path / "p", {"a.tif": b"", ".venv/lib/b.tif": b"", ".cache.tif": b""})
    (folder / ".venv" / "python").symlink_to(tmp_path)
    (folder / ".link").symlink_to(tmp_path / "nowhere")
    assert open_bundle(folder, deep=deep).names == ("a.tif",)


def test_of_one_level_only_plain_files_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of downloads may hold links, folders and what desktops leave; no more files than the limit."""
    folder = write_folder(tmp_path / "p", {"a.tif": b"", "b.tif": b"", ".DS_Store": b"", "below/c.tif": b""})
    for name, target in (("file.tif", folder / "a.tif"), ("folder", tmp_path), ("nothing", tmp_path / "nowhere")):
        (folder / name).symlink_to(target)
    assert open_bundle(folder, deep=False).names == ("a.tif", "b.tif")
    monkeypatch.setattr("colibri_geo.scenes.bundle.MAX_ENTRIES", 2)
    open_bundle(folder, deep=False)
    monkeypatch.setattr("colibri_geo.scenes.bundle.MAX_ENTRIES", 1)
    with pytest.raises(InputTooLarge, match="give that folder"):
        open_bundle(folder, deep=False)


def test_pipes_in_a_folder_are_refused(tmp_path: Path) -> None:
    """A pipe would make a reader wait for ever."""
    folder = write_folder(tmp_path / "p")
    os.mkfifo(folder / "P.SAFE" / "x.xml")
    refuse(folder, "neither a file nor a folder", UnsafeSource)


def test_folders_of_everything_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of all downloads is no product; it is not walked through to its end."""
    folder = write_folder(tmp_path / "p")
    entries = len(list(folder.rglob("*")))
    monkeypatch.setattr("colibri_geo.scenes.bundle.MAX_ENTRIES", entries)
    assert len(open_bundle(folder).names) == len(FILES)
    monkeypatch.setattr("colibri_geo.scenes.bundle.MAX_ENTRIES", entries - 1)
    refuse(folder, "give that folder", InputTooLarge)


def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    """What was listed and is gone is named."""
    bundle = Bundle(write_folder(tmp_path / "p"), ("gone.xml",))
    for use in (bundle.read, lambda name: bundle.digest((name,)), lambda name: bundle.measure((name,))):
        with pytest.raises(NotAFile, match=r"p: gone\.xml: cannot be opened"):
            use("gone.xml")


# --------------------------------------------------------------------------------------------------------- the manifest
def _read_through(path: Path) -> ColibriError | None:
    try:
        bundle = open_bundle(path)
        bundle.digest(bundle.names)
    except ColibriError as error:
        return error
    return None


def test_bad_archives_end_as_the_manifest_says(bad_inputs: Path) -> None:
    """Hostile archives are refused on listing or, where a file is damaged, on reading; others reach their reader."""
    rows = list(csv.DictReader((bad_inputs / "MANIFEST.csv").read_text(encoding="utf-8").splitlines()))
    rows = [row for row in rows if row["op"] == "archive" or row["files"].endswith(".kmz")]
    assert len(rows) > 8
    for row in rows:
        began = time.perf_counter()
        error = _read_through(bad_inputs / row["files"])
        assert time.perf_counter() - began < 2
        named, _, hint = row["must"].partition(":")
        assert isinstance(error, ArchiveError) == named.startswith("ArchiveError"), row["id"]
        if hint and isinstance(error, ArchiveError):
            assert hint.split()[0] in str(error), row["id"]


def test_metadata_with_entities_are_refused_at_once(bad_inputs: Path) -> None:
    """A product whose metadata declare a billion laughs is read up to that declaration."""
    bundle = open_bundle(bad_inputs / "archive" / "safe_laughs.zip")
    began = time.perf_counter()
    with pytest.raises(UnsafeXML, match="DOCTYPE"):
        parse_xml(bundle.read(bundle.names[0]), name="MTD_MSIL2A.xml")
    assert time.perf_counter() - began < 1


def test_a_folder_without_a_name_is_told_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the one that one stands in, and the uppermost."""
    (tmp_path / "elsewhere").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsafeSource, match=r"^\.: 'elsewhere' is a link"):
        open_bundle(Path())
    assert name_folder(Path("/")) == "/"
