"""A folder is written whole or not at all, and nothing but a run is ever replaced."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from colibri_geo.errors import NotARun, OutputError, OutputExists
from colibri_geo.evidence import check_target, read_manifest, staged_folder, verify, write_manifest
from tests.support.example_run import example_record


def _snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def _fill(folder: Path, text: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_text(text)
    write_manifest(folder, example_record())


def _fail_in_the_middle(out: Path, failure: BaseException, *, overwrite: bool) -> None:
    with staged_folder(out, overwrite=overwrite) as folder:
        _fill(folder, "new")
        raise failure


def _write_run_while_another_appears(out: Path) -> None:
    with staged_folder(out, overwrite=False) as folder:
        _fill(folder, "new")
        out.mkdir()


def _write_run_while_a_note_appears(out: Path) -> None:
    with staged_folder(out, overwrite=True) as folder:
        _fill(folder, "new")
        (out / "notes.txt").write_text("mine")


def _write_run(out: Path, text: str = "old") -> None:
    with staged_folder(out, overwrite=False) as folder:
        _fill(folder, text)


def test_whole_folder_appears_at_the_end(tmp_path: Path) -> None:
    """Nothing is at the place while the work goes on; the whole run is there afterwards, alone."""
    out = tmp_path / "deep" / "er" / "run"
    with staged_folder(out, overwrite=False) as folder:
        _fill(folder, "new")
        assert not out.exists()
        assert folder.parent == out.parent
        assert folder.name.startswith(".")
    assert verify(out).ok
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt(), SystemExit(1), OSError(errno.ENOENT, "no")])
@pytest.mark.parametrize("overwrite", [False, True])
def test_failure_leaves_everything_as_it_was(tmp_path: Path, failure: BaseException, overwrite: bool) -> None:
    """A failure or an interruption in the middle passes through, and leaves no trace; a former run stays whole."""
    out = tmp_path / "run" if overwrite else tmp_path / "deep" / "run"
    if overwrite:
        _write_run(out)
    before = _snapshot(tmp_path)
    with pytest.raises(type(failure)):
        _fail_in_the_middle(out, failure, overwrite=overwrite)
    assert _snapshot(tmp_path) == before


def test_former_run_is_swapped(tmp_path: Path) -> None:
    """With overwrite the new run takes the place of the former one, of which nothing stays."""
    out = tmp_path / "run"
    _write_run(out)
    (out / "run.log").write_text("of the former run")
    with staged_folder(out, overwrite=True) as folder:
        _fill(folder, "new")
        assert (out / "sub" / "file").read_text() == "old"
    assert (out / "sub" / "file").read_text() == "new"
    assert not (out / "run.log").exists()
    assert list(tmp_path.iterdir()) == [out]


def test_former_run_is_put_back_when_the_swap_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new folder cannot be moved in, the former one is back in place."""
    out = tmp_path / "run"
    _write_run(out)
    before = _snapshot(tmp_path)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.suffix == ".partial":
            raise OSError(errno.EIO, "disk fault")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="disk fault"), staged_folder(out, overwrite=True) as folder:
        _fill(folder, "new")
    assert _snapshot(tmp_path) == before


def test_rest_of_the_former_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the former run cannot be removed the new one stays in place, and the message names what is left."""
    out = tmp_path / "run"
    _write_run(out)
    remove = shutil.rmtree

    def refuse(path: Path, *, ignore_errors: bool = False) -> None:
        if path.suffix == ".former":
            raise PermissionError(errno.EACCES, "in use")
        remove(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with (
        pytest.raises(OutputError, match=r"new run is in place.*\.former"),
        staged_folder(out, overwrite=True) as folder,
    ):
        _fill(folder, "new")
    assert (out / "sub" / "file").read_text() == "new"


def test_folder_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    """A folder that someone else makes during the work is not replaced."""
    out = tmp_path / "run"
    with pytest.raises(OutputExists):
        _write_run_while_another_appears(out)
    assert list(tmp_path.iterdir()) == [out]
    assert not any(out.iterdir())


def test_full_disk_is_one_line(tmp_path: Path) -> None:
    """A full disk during the work becomes an error of the project that names the folder."""
    with (
        pytest.raises(OutputError, match=r"run: cannot be written \(full\); make room or give another folder$"),
        staged_folder(tmp_path / "run", overwrite=False),
    ):
        raise OSError(errno.ENOSPC, "full")
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_rights_do_not_follow_the_umask(tmp_path: Path, umask: int) -> None:
    """Files are for the owner to write and for all to read, whatever the process's umask."""
    former = os.umask(umask)
    try:
        _write_run(tmp_path / "run")
    finally:
        os.umask(former)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert modes == {0o644}
    assert {(tmp_path / "run").stat().st_mode & 0o777, (tmp_path / "run" / "sub").stat().st_mode & 0o777} == {0o755}


def test_existing_run_needs_overwrite(tmp_path: Path) -> None:
    """A run is refused without overwrite and accepted with it; the same holds for an empty folder."""
    _write_run(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "run", tmp_path / "empty"):
        with pytest.raises(OutputExists, match=r"--overwrite \(overwrite=True\)"):
            check_target(out, overwrite=False)
        check_target(out, overwrite=True)


def test_nothing_but_a_run_is_replaced(tmp_path: Path) -> None:
    """A folder with other files is never replaced, not even with a manifest of another program."""
    (tmp_path / "notes.txt").write_text("mine")
    for _ in range(2):
        with pytest.raises(NotARun, match="never replaced"):
            check_target(tmp_path, overwrite=True)
        (tmp_path / "manifest.json").write_text('{"format": "other"}')
    with pytest.raises(NotARun), staged_folder(tmp_path, overwrite=True):
        pytest.fail("the work must not begin")


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (["my_notes.txt"], "my_notes.txt, which the run there did not write"),
        (["photos/p.jpg", "a", "b", "c", "d"], "a, b, c and 2 more, which the run there did not write"),
        (["sub/file"], "sub/file, which changed since it was written"),
        (["n", "sub/file"], "n, which the run there did not write, and sub/file, which changed since it was written"),
    ],
)
def test_nothing_of_the_user_in_a_run_is_lost(tmp_path: Path, added: list[str], said: str) -> None:
    """A run that holds what it did not write, or whose files were changed, is not replaced; they are named."""
    out = tmp_path / "run"
    _write_run(out)
    for name in added:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    before = _snapshot(tmp_path)
    with pytest.raises(OutputExists) as caught:
        check_target(out, overwrite=True)
    assert str(caught.value) == (
        f"{out}: holds {said}; --overwrite (overwrite=True) would lose that: move it away first, or give another folder"
    )
    with pytest.raises(OutputExists), staged_folder(out, overwrite=True):
        pytest.fail("the work must not begin")
    assert _snapshot(tmp_path) == before


def test_what_is_laid_into_a_run_meanwhile_is_kept(tmp_path: Path) -> None:
    """A file that comes into the former run during the work keeps it from being replaced."""
    out = tmp_path / "run"
    _write_run(out)
    with pytest.raises(OutputExists, match=r"holds notes\.txt"):
        _write_run_while_a_note_appears(out)
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "sub" / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_run_that_cannot_be_verified_is_kept(tmp_path: Path) -> None:
    """A run of another format version, of which nobody can tell what was changed, is not replaced."""
    _write_run(tmp_path / "run")
    manifest = tmp_path / "run" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(NotARun, match="format version 2, expected 1"):
        check_target(tmp_path / "run", overwrite=True)


@pytest.mark.parametrize("inside", ["again", "sub/again", "deep/er/again"])
def test_place_inside_a_run_is_refused(tmp_path: Path, inside: str) -> None:
    """A folder below that of a run, which would no longer be what that run wrote, is refused before the work."""
    out = tmp_path / "run"
    _write_run(out)
    with pytest.raises(OutputError, match="the folder of a run") as caught:
        check_target(out / inside, overwrite=True)
    assert f"{out / inside}: lies in {out.resolve()}, the folder of a run" in str(caught.value)
    assert verify(out).ok


def test_free_name_is_accepted_and_not_made(tmp_path: Path) -> None:
    """A free name below missing folders is accepted, and nothing is made by asking."""
    check_target(tmp_path / "deep" / "er" / "run", overwrite=False)
    assert not any(tmp_path.iterdir())


def test_places_that_are_no_folder_are_refused(tmp_path: Path) -> None:
    """A file, a place below a file, a link and a name that is too long are refused in one line."""
    file = tmp_path / "file"
    file.write_text("")
    places = [file, file / "run", tmp_path / ("n" * 5000)]
    try:
        (tmp_path / "link").symlink_to(tmp_path)
        places.append(tmp_path / "link")
    except OSError:
        assert os.name == "nt"
    for place in places:
        with pytest.raises(OutputError) as raised:
            check_target(place, overwrite=True)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "give a folder that you may write to"),
        (errno.EROFS, "give a folder that you may write to"),
        (errno.ENOSPC, "make room or give another folder"),
        (errno.ENOENT, "give another folder"),
    ],
)
def test_place_that_takes_no_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    """A place that cannot be written is refused before the work starts, with advice that fits the reason."""

    def refuse(**_: object) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(OutputError) as caught:
        check_target(tmp_path / "deep" / "run", overwrite=False)
    assert str(caught.value) == f"{tmp_path}: cannot be written ({os.strerror(number)}); {advice}"


def test_root_of_the_disk_is_refused() -> None:
    """The folder that no other holds is there already."""
    with pytest.raises(OutputExists):
        check_target(Path(Path.cwd().anchor), overwrite=False)


def test_looking_at_a_place_leaves_nothing(tmp_path: Path) -> None:
    """A place that can be written is as it was when it was looked at."""
    check_target(tmp_path / "deep" / "run", overwrite=False)
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc")
def test_place_whose_rights_promise_too_much_is_refused() -> None:
    """Where no folder can be made in spite of its rights, that is told before the work, with no word of room."""
    with pytest.raises(OutputError, match=r"^/proc: cannot be written \(.+\); give "):
        check_target(Path("/proc/run"), overwrite=False)


@pytest.mark.skipif(os.name != "posix", reason="links want rights elsewhere")
def test_place_below_links_in_a_circle_is_refused(tmp_path: Path) -> None:
    """A folder above it that is a link to itself is told, in one line."""
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match="circle is a link that leads nowhere, expected a folder"):
        check_target(tmp_path / "circle" / "run", overwrite=False)


def test_the_folder_may_be_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative name is taken from the working folder."""
    monkeypatch.chdir(tmp_path)
    _write_run(Path("run"))
    assert read_manifest(tmp_path / "run") == example_record()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="interruption by signal is POSIX's")
def test_interrupted_process_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the writing leaves no folder, neither hidden nor seen."""
    code = (
        "import os, signal, sys, time; from pathlib import Path; from colibri_geo.evidence import staged_folder\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it\n"
        "with staged_folder(Path(sys.argv[1]), overwrite=False) as folder:\n"
        "    (folder / 'part').write_text('part')\n"
        "    os.kill(os.getpid(), signal.SIGINT); time.sleep(60)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "deep" / "run")], capture_output=True, check=False, timeout=120
    )
    assert b"KeyboardInterrupt" in done.stderr
    assert not any(tmp_path.iterdir())
