"""The folder of a scan: what is done stays, whole, and nobody else's work is lost or mixed in."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import IntegrityError, OutputError, OutputExists, SettingsError
from colibri_geo.scanning import Fingerprint, MemoryStore, Tile, TileStore, discard
from tests.support.importing import list_import_paths
from tests.support.tile_work import answer, make_tiles

TILES = make_tiles(5)
SCAN = Fingerprint(inputs="before.tif after.tif", settings="min_length_m = 350", versions="1.0")

needs_posix = pytest.mark.skipif(os.name != "posix", reason="the system has no such rights, links or signals")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a scan may keep its tiles."""
    return tmp_path / "out.scan"


def begin(
    folder: Path, fingerprint: Fingerprint = SCAN, *, resume: bool = False, tiles: Sequence[Tile] = TILES
) -> TileStore:
    """Open a folder for the scan of the tests."""
    return TileStore.begin(folder, tiles=tiles, fingerprint=fingerprint, resume=resume)


def stop_after(folder: Path, *numbers: int) -> None:
    """Leave a scan that did some of its tiles."""
    with begin(folder) as store:
        for number in numbers:
            store.save(number, answer(TILES[number]))


def is_same(store: TileStore | MemoryStore, number: int) -> bool:
    """Tell whether a tile that is kept is what was stored."""
    found, expected = store.load(number), answer(TILES[number])
    return found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in expected)


def test_a_scan_goes_on_where_it_stopped(folder: Path) -> None:
    """What was kept is there again, as it was."""
    stop_after(folder, 3, 0)
    with begin(folder, resume=True) as store:
        assert store.done == {0, 3}
        assert store.notes == ()
        assert is_same(store, 0)
        assert is_same(store, 3)
        store.save(1, answer(TILES[1]))
    with begin(folder, resume=True) as store:
        assert store.done == {0, 1, 3}


def test_files_do_not_depend_on_the_order(tmp_path: Path) -> None:
    """The same tiles are the same bytes, in whatever order they were finished."""
    one, other = tmp_path / "one", tmp_path / "other"
    stop_after(one, 0, 1, 2, 3, 4)
    stop_after(other, 3, 4, 0, 2, 1)
    names = sorted(path.name for path in one.iterdir())
    assert len(names) == len(TILES) + 2
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names if name != "lock")


@needs_posix
def test_nobody_else_may_look(folder: Path) -> None:
    """The folder is its owner's alone."""
    stop_after(folder, 0)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_end_leaves_nothing(folder: Path) -> None:
    """When a scan is done its folder goes, and a new one can begin."""
    with begin(folder) as store:
        store.save(0, answer(TILES[0]))
        store.remove()
    assert not folder.exists()
    stop_after(folder, 1)
    discard(folder)
    assert not folder.exists()
    discard(folder)


# ----------------------------------------------------------------------------------------------------------- refusals
def test_nothing_to_go_on_from_is_refused(folder: Path) -> None:
    """--resume without an unfinished scan is refused, and leaves nothing."""
    with pytest.raises(SettingsError, match="holds no unfinished scan, expected one to go on from; leave out --resume"):
        begin(folder, resume=True)
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(SettingsError, match="holds no unfinished scan"):
        begin(folder, resume=True)


def test_an_unfinished_scan_is_not_lost(folder: Path) -> None:
    """Without --resume what an earlier scan did is refused and kept."""
    stop_after(folder, 0, 1)
    with pytest.raises(
        OutputExists, match=r"unfinished scan \(2 of 5 tiles are done\), expected none; go on with --re"
    ):
        begin(folder)
    with begin(folder, resume=True) as store:
        assert store.done == {0, 1}


def test_a_scan_that_is_done_is_told_as_one(folder: Path) -> None:
    """Where every tile is kept, nothing is unfinished."""
    stop_after(folder, *range(5))
    with pytest.raises(
        OutputExists, match=r"a scan that is done \(5 of 5 tiles are done\), expected none; take it with"
    ):
        begin(folder)


def test_a_scan_that_did_nothing_is_in_nobodys_way(folder: Path) -> None:
    """Where not one tile was finished, another scan begins without a question."""
    stop_after(folder)
    with begin(folder, Fingerprint("others", "others", "others"), tiles=TILES[:2]) as store:
        assert store.done == frozenset()


@pytest.mark.parametrize("what", ["inputs", "settings", "versions"])
def test_another_scan_is_not_gone_on_with(folder: Path, what: str) -> None:
    """Where something changed since, it is named, and all is kept."""
    stop_after(folder, 0)
    changed = Fingerprint(**{**vars(SCAN), what: "changed"})
    with pytest.raises(SettingsError, match=f"was begun with other {what} than now, expected the same"):
        begin(folder, changed, resume=True)
    with begin(folder, resume=True) as store:
        assert store.done == {0}


def test_other_tiles_are_not_gone_on_with(folder: Path) -> None:
    """Where the ground is cut in another way, that is named."""
    stop_after(folder, 0)
    with pytest.raises(SettingsError, match="was begun with other tiles than now"):
        begin(folder, tiles=make_tiles(5, side_px=9), resume=True)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"{}", b'{"format": 2}', b"[" * 4000, b"\xff" * 10_000])
def test_a_damaged_state_is_not_gone_on_with(folder: Path, content: bytes) -> None:
    """What says what was begun cannot be damaged unnoticed."""
    stop_after(folder, 0)
    (folder / "scan.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"its scan\.json is damaged or of another version"):
        begin(folder, resume=True)


def test_something_else_is_not_touched(folder: Path) -> None:
    """A folder that holds anything but tiles is refused, and left as it is."""
    stop_after(folder, 0)
    (folder / "mine.txt").write_text("kept")
    for resume in (False, True):
        with pytest.raises(OutputError, match=r"holds mine\.txt, expected nothing but what a scan keeps"):
            begin(folder, resume=resume)
    with pytest.raises(OutputError, match=r"holds mine\.txt"):
        discard(folder)
    assert (folder / "mine.txt").read_text() == "kept"
    assert (folder / "tile_000000.npz").exists()


@pytest.mark.parametrize("name", ["tile_000005.npz", "tile_0000001.npz"])
def test_a_tile_that_is_none_is_refused(folder: Path, name: str) -> None:
    """A tile beyond the last, or with another spelling of its number, is no tile of this scan."""
    stop_after(folder, 1)
    (folder / "tile_000001.npz").rename(folder / name)
    with pytest.raises(OutputError, match=f"holds {name}"):
        begin(folder, resume=True)


@needs_posix
@pytest.mark.parametrize("name", ["lock", "scan.json", "tile_000001.npz", "tile_000001.npz.partial"])
def test_links_lead_nowhere(folder: Path, tmp_path: Path, name: str) -> None:
    """A folder of somebody else cannot have a file elsewhere read, or written over."""
    stop_after(folder, 0)
    mine = tmp_path / "mine.txt"
    mine.write_text("kept")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(mine)
    with pytest.raises(OutputError, match=f"holds {name}"):
        begin(folder, resume=True)
    assert mine.read_text() == "kept"


@needs_posix
def test_a_folder_that_is_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    """Tiles are kept in the folder that was named."""
    (tmp_path / "other").mkdir()
    folder.symlink_to(tmp_path / "other")
    with pytest.raises(OutputError, match="is a link"):
        begin(folder)


def test_a_file_in_the_way_is_refused(folder: Path) -> None:
    """Where the folder should be there is a file."""
    folder.write_text("kept")
    with pytest.raises(OutputError, match="cannot be written"):
        begin(folder)
    assert folder.read_text() == "kept"


# ------------------------------------------------------------------------------------------------------------- damage
@pytest.mark.parametrize("how", ["cut", "other byte", "empty", "grown"])
def test_a_damaged_tile_is_done_again(folder: Path, how: str) -> None:
    """A tile that is not what was stored is left out, that is said, and its neighbours stay."""
    stop_after(folder, 0, 1, 2)
    path = folder / "tile_000001.npz"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes({"cut": content[:200], "other byte": content, "empty": b"", "grown": content * 9}[how])
    with begin(folder, resume=True) as store:
        assert store.done == {0, 2}
        assert store.notes == ("tile 1 of the earlier scan is damaged on disk: it is done again",)
        store.save(1, answer(TILES[1]))
        assert is_same(store, 1)
    with begin(folder, resume=True) as store:
        assert store.done == {0, 1, 2}
        assert store.notes == ()


def test_a_tile_that_is_damaged_later_is_told(folder: Path) -> None:
    """What changes on disk after the beginning is refused when it is read."""
    with begin(folder) as store:
        store.save(0, answer(TILES[0]))
        path = folder / "tile_000000.npz"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(IntegrityError, match=r"tile_000000\.npz: is damaged"):
            store.load(0)
        path.unlink()
        with pytest.raises(IntegrityError, match=r"tile_000000\.npz: cannot be read"):
            store.load(0)


def test_what_was_half_written_is_forgotten(folder: Path) -> None:
    """A file that was being written when the process ended is no tile, and is in nobody's way."""
    stop_after(folder, 0)
    (folder / "tile_000001.npz.partial").write_bytes((folder / "tile_000000.npz").read_bytes()[:100])
    with begin(folder, resume=True) as store:
        assert store.done == {0}
        store.save(1, answer(TILES[1]))
        assert is_same(store, 1)
    assert not list(folder.glob("*.partial"))


def test_a_scan_that_was_killed_while_it_was_removed_is_gone(folder: Path) -> None:
    """Tiles that nothing says anything of are cleared away by the next scan."""
    stop_after(folder, 0)
    (folder / "scan.json").unlink()
    with begin(folder) as store:
        assert store.done == frozenset()
    assert not list(folder.glob("*.npz"))


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOSPC, "make room"), (errno.EDQUOT, "make room"), (errno.EIO, "mend that")]
)
def test_a_full_disk_costs_no_tile(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str) -> None:
    """When the disk takes no more, that is said in a line with the way on, and what was kept stays."""
    with begin(folder) as store:
        store.save(0, answer(TILES[0]))

        def refuse(_: int) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", refuse)
            with pytest.raises(
                OutputError,
                match=rf"tile 1 cannot be written \(.+\); the 1 tiles done before it are kept: {remedy}, and go on",
            ):
                store.save(1, answer(TILES[1]))
        assert store.done == {0}
        assert not list(folder.glob("*.partial"))
        store.save(1, answer(TILES[1]))
    with begin(folder, resume=True) as store:
        assert store.done == {0, 1}


def test_a_tile_is_on_disk_before_it_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes reach the disk before the file has its name, and the name before `save` returns."""
    told: list[str] = []
    sync, move = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        told.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def note_move(path: Path, target: Path) -> Path:
        told.append("name")
        return move(path, target)

    with begin(folder) as store:
        monkeypatch.setattr("os.fsync", note_sync)
        monkeypatch.setattr(Path, "replace", note_move)
        store.save(0, answer(TILES[0]))
    assert told == (["file", "name", "folder"] if os.name == "posix" else ["file", "name"])


# ------------------------------------------------------------------------------------------------------------ the lock
def test_two_scans_do_not_share_a_folder(folder: Path) -> None:
    """While one is at work another is refused, and told who it is; afterwards it may go on."""
    with begin(folder) as store:
        store.save(0, answer(TILES[0]))
        for resume in (False, True):
            with pytest.raises(OutputError, match=rf"another scan is at work in it \(process {os.getpid()} on [^)]+\)"):
                begin(folder, resume=resume)
        with pytest.raises(OutputError, match="another scan is at work"):
            discard(folder)
        assert is_same(store, 0)
    with begin(folder, resume=True) as store:
        assert store.done == {0}


HOLD = """
import sys, time
from pathlib import Path
from tests.scanning.test_store import begin
store = begin(Path(sys.argv[1]))
print("begun", flush=True)
time.sleep(60)
"""


@needs_posix
def test_a_killed_scan_leaves_no_lock(folder: Path, project: Path) -> None:
    """The lock of a process that is there holds, that of one that was killed does not."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env=os.environ | {"PYTHONPATH": list_import_paths(project)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        with pytest.raises(OutputError, match=f"process {process.pid} on"):
            begin(folder, resume=True)
    finally:
        process.kill()
        process.communicate()
    with begin(folder, resume=True) as store:
        assert store.done == frozenset()


def test_what_a_lock_says_is_not_believed(folder: Path) -> None:
    """What somebody else wrote into the file of the lock is neither obeyed nor shown."""
    stop_after(folder, 0)
    (folder / "lock").write_text("1 \x1b[2Jhost")
    with begin(folder, resume=True):
        (folder / "lock").write_text("\x1b[2J")
        with pytest.raises(OutputError, match=r"another scan is at work in it, expected none"):
            begin(folder, resume=True)


def test_a_file_system_without_locks_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a folder cannot be locked, the scan does not go on unprotected."""

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("colibri_geo.scanning.locking._lock", refuse)
    with pytest.raises(OutputError, match=r"cannot be locked \(Function not implemented\)"):
        begin(folder)


def test_memory_keeps_the_same() -> None:
    """The store in memory gives back what it was given."""
    store = MemoryStore()
    store.save(2, answer(TILES[2]))
    assert store.done == {2}
    assert is_same(store, 2)


def test_a_large_tile_is_kept_quickly(folder: Path) -> None:
    """Codes of a large tile that are mostly one take little time and room on disk."""
    tiles = make_tiles(1, side_px=2048)
    codes = np.zeros((2048, 2048), dtype=np.uint8)
    codes[100:900, 300:1200] = 3
    with begin(folder, tiles=tiles) as store:
        began = time.perf_counter()
        store.save(0, {"codes": codes})
        assert np.array_equal(store.load(0)["codes"], codes)
        assert time.perf_counter() - began < 1
    assert (folder / "tile_000000.npz").stat().st_size < 200_000
    assert re.match(rb"colibri_geo tile 1 [0-9a-f]{64}\n", (folder / "tile_000000.npz").read_bytes())


@pytest.mark.parametrize("resume", [False, True])
def test_a_name_that_is_too_long_is_told_at_once(tmp_path: Path, resume: bool) -> None:
    """What no system takes as a name is refused before the images are surveyed."""
    with pytest.raises(OutputError, match=r"\.scan: cannot be written \(.+\); give another folder"):
        TileStore.check(tmp_path / f"{'y' * 252}.scan", resume=resume)
