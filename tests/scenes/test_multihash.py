"""Checksums that say how they were made."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from colibri_geo.errors import IntegrityError
from colibri_geo.scenes.multihash import hash_multi, parse_multihash

CODES = {"sha1": "11", "sha256": "12", "sha512": "13", "sha3_256": "16", "sha384": "20", "md5": "d501"}
CODES |= {"blake2b": "c0e402", "blake2s": "e0e402"}


@pytest.mark.parametrize("algorithm", CODES)
def test_files_are_held_to_each_algorithm(tmp_path: Path, algorithm: str) -> None:
    """A file that is what its checksum says passes, and one with another bit does not."""
    path = tmp_path / "a.tif"
    path.write_bytes(b"content")
    digest = hashlib.new(algorithm, b"content")
    multihash = parse_multihash(f"{CODES[algorithm]}{digest.digest_size:02x}{digest.hexdigest()}")
    assert multihash is not None
    assert (multihash.algorithm, multihash.digest) == (algorithm, digest.digest())
    multihash.check(path)
    path.write_bytes(b"contenu")
    with pytest.raises(IntegrityError, match=rf"a\.tif: its {algorithm} begins with .* fetch it again"):
        multihash.check(path)


@pytest.mark.parametrize("text", ["", "00", "12", "zz", "1220ab", "f" * 64, "99" * 20, "12ff" + "0" * 510, "ff" * 40])
def test_what_is_no_multihash_is_none(text: str) -> None:
    """No digits, an unknown algorithm, another length than stated or than the algorithm has, a number without end."""
    assert parse_multihash(text) is None


def test_a_checksum_that_was_made_is_held(tmp_path: Path) -> None:
    """What is written can be read."""
    path = tmp_path / "a.tif"
    path.write_bytes(b"content")
    made = parse_multihash(hash_multi(path))
    assert made is not None
    assert made.algorithm == "sha256"
    made.check(path)
