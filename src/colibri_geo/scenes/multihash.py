"""Checksums that say themselves how they were made.

References
----------
Multiformats, multihash, https://github.com/multiformats/multihash, and its table of codes,
https://github.com/multiformats/multicodec
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from colibri_geo.errors import IntegrityError
from colibri_geo.hashing import hash_file

_CODES = {
    0x11: "sha1", 0x12: "sha256", 0x13: "sha512", 0x14: "sha3_512", 0x15: "sha3_384", 0x16: "sha3_256",
    0x17: "sha3_224", 0x20: "sha384", 0xD5: "md5", 0xB240: "blake2b", 0xB260: "blake2s",
}  # fmt: skip
_SHA256 = "1220"


@dataclass(frozen=True)
class Multihash:
    """A checksum and how it is made.

    Attributes
    ----------
    algorithm : str
        As `hashlib` calls it.
    digest : bytes
    """

    algorithm: str
    digest: bytes

    def check(self, path: Path) -> None:
        """Hold a file to the checksum.

        Raises
        ------
        IntegrityError
        """
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.new(self.algorithm, usedforsecurity=False)).digest()
        if found != self.digest:
            raise IntegrityError(
                f"{path.name}: its {self.algorithm} begins with {found.hex()[:12]}, expected {self.digest.hex()[:12]} "
                "(file:checksum); it was changed or damaged, fetch it again"
            )


def parse_multihash(text: str) -> Multihash | None:
    """Read a multihash in hexadecimal digits, None where it is none, or of an algorithm that is not known here.

    Examples
    --------
    >>> parse_multihash("1114" + "88c2f11fb2ce392acb5b2986e640211c4690073e").algorithm
    'sha1'
    >>> parse_multihash("88c2f11fb2ce392acb5b2986e640211c4690073e") is None
    True
    """
    try:
        content = bytes.fromhex(text)
    except ValueError:
        return None
    code = _take_number(content)
    length = _take_number(code.rest)
    algorithm = _CODES.get(code.value)
    whole = (
        algorithm is not None
        and len(length.rest) == length.value == hashlib.new(algorithm, usedforsecurity=False).digest_size
    )
    return Multihash(algorithm, length.rest) if algorithm is not None and whole else None


def hash_multi(path: Path) -> str:
    """Return the SHA-256 of a file as a multihash in hexadecimal digits."""
    return _SHA256 + hash_file(path)


@dataclass(frozen=True)
class _Taken:
    """A number at the start of some bytes, and the bytes after it."""

    value: int
    rest: bytes


def _take_number(content: bytes) -> _Taken:
    """Read an unsigned integer of seven bits a byte, the least significant first; -1 where it has no end."""
    value = 0
    for place, byte in enumerate(content[:9]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return _Taken(value, content[place + 1 :])
    return _Taken(-1, b"")
