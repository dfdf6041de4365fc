"""Every error that colibri_geo raises on purpose.

A message says what came, what was expected and what to do, in one line. Each family also inherits the builtin that
fits, so ``except ValueError`` keeps working. The command line turns a `ColibriError` into that line and exit status 2.

::

    ColibriError
    ├── InputError (ValueError)        the bytes of an input
    │   ├── NotAFile                   missing, a folder, a device
    │   ├── UnsupportedFormat          readable, but not a format read here
    │   │   └── UnsupportedDtype       pixels of a type that holds no measurement (complex numbers)
    │   ├── CorruptInput               damaged or truncated
    │   ├── IntegrityError             not what its checksum says
    │   ├── InputTooLarge              beyond a stated limit
    │   ├── TooSmall                   too few pixels for any strip
    │   ├── TooCoarse                  pixels too large for any strip
    │   ├── NoValidData                not one measured pixel
    │   ├── ProductIncomplete          files of a product are missing
    │   └── AmbiguousInput             several images where one was expected
    ├── GeoreferenceError (ValueError) where the pixels are
    │   ├── MissingCRS
    │   ├── MissingGeoreference
    │   ├── BadGeoreference
    │   ├── RotatedGrid
    │   └── NeedsOrthorectification
    ├── BandError (ValueError)         which bands the pixels hold
    │   ├── BandsUnknown
    │   └── BandMismatch
    ├── RadiometryError (ValueError)   what the pixel values mean
    │   └── QuantityMismatch
    ├── DateError (ValueError)         when the image was acquired
    │   ├── MissingDate
    │   └── BadDate
    ├── PairError (ValueError)         two images that do not make a pair
    │   ├── NoOverlap
    │   ├── SameScene
    │   ├── DateOrder
    │   └── MisalignedPair
    ├── VectorError (ValueError)       region, border and area-of-interest layers
    │   ├── EmptyVector
    │   ├── InvalidGeometry
    │   └── EncodingError
    ├── TableError (ValueError)        a table of a run that does not keep its columns
    ├── UnsafeSource (ValueError)      an input that asks for what no input may ask
    │   ├── UnsafeXML                  XML that declares entities or a document type
    │   ├── UnsafeModel                a file that would run code when it is loaded
    │   └── ArchiveError               an archive that cannot be trusted, or stands where a file was expected
    ├── SettingsError (ValueError)     options
    │   └── ConfigError                settings files
    ├── OutputError (OSError)          the folder a run writes
    │   ├── OutputExists
    │   ├── LayoutError
    │   └── NotARun                    a folder that holds no run
    ├── EngineError (RuntimeError)     the processes that share the work of a scan
    │   ├── WorkerLost
    │   └── SchedulerLost
    ├── DownloadError (OSError)        data fetched on request
    └── MissingExtra (ImportError)     a library that comes with an extra alone
"""

from __future__ import annotations

import errno

MOST_LETTERS = 399
"""Of a message; of a longer one the middle is left out."""
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class ColibriError(Exception):
    r"""Root of all errors that colibri_geo raises on purpose.

    Examples
    --------
    A message may quote what a file holds, and stays one short line of printable characters all the same.

    >>> str(ColibriError("a\x1b[2J\nb"))
    'a [2J b'
    >>> len(str(ColibriError("a" * 100_000)))
    399
    """

    def __init__(self, message: str = "") -> None:
        if len(message) > MOST_LETTERS:  # what came, and what to do about it, stand at its ends
            message = f"{message[: MOST_LETTERS - 155]} ... {message[-150:]}"
        super().__init__("".join(letter if letter.isprintable() else " " for letter in message))


class InputError(ColibriError, ValueError):
    """An input cannot be used as it is."""


class NotAFile(InputError):
    """The path is missing or is not a regular file."""


class UnsupportedFormat(InputError):
    """The content is not in a format that is read here."""


class UnsupportedDtype(UnsupportedFormat):
    """The pixels are of a type that holds no measurement read here, such as complex numbers."""


class CorruptInput(InputError):
    """The content is damaged or cut short."""


class IntegrityError(InputError):
    """The content is not what its checksum says."""


class InputTooLarge(InputError):
    """The input goes beyond a stated limit."""


class TooSmall(InputError):
    """The image is too small to hold a strip."""


class TooCoarse(InputError):
    """The pixels of the image are too large to show a strip."""


class NoValidData(InputError):
    """Not one pixel was measured."""


class ProductIncomplete(InputError):
    """Files that a product needs are missing or empty."""


class AmbiguousInput(InputError):
    """Several images where one was expected."""


class GeoreferenceError(ColibriError, ValueError):
    """The place of the pixels on the ground is unknown or unusable."""


class MissingCRS(GeoreferenceError):
    """No coordinate reference system is given."""


class MissingGeoreference(GeoreferenceError):
    """No place on the ground is given."""


class BadGeoreference(GeoreferenceError):
    """The place on the ground that is given cannot be true."""


class RotatedGrid(GeoreferenceError):
    """The pixel grid is rotated or sheared."""


class NeedsOrthorectification(GeoreferenceError):
    """The image is not on a map grid yet."""


class BandError(ColibriError, ValueError):
    """The bands do not serve the request."""


class BandsUnknown(BandError):
    """The file does not say which band is which."""


class BandMismatch(BandError):
    """Two scenes, or a scene and a request, do not share the bands needed."""


class RadiometryError(ColibriError, ValueError):
    """The meaning of the pixel values is unknown or contradictory."""


class QuantityMismatch(RadiometryError):
    """Two scenes hold different physical quantities."""


class DateError(ColibriError, ValueError):
    """The acquisition time is unknown or unusable."""


class MissingDate(DateError):
    """Neither the file nor an option gives the acquisition time."""


class BadDate(DateError):
    """A date cannot be read or cannot be true."""


class PairError(ColibriError, ValueError):
    """Two scenes do not make a pair."""


class NoOverlap(PairError):
    """The scenes share no ground."""


class SameScene(PairError):
    """Both scenes are the same image."""


class DateOrder(PairError):
    """The after image is not younger than the before image."""


class MisalignedPair(PairError):
    """The scenes cannot be brought onto one grid within the stated limit."""


class VectorError(ColibriError, ValueError):
    """A vector layer cannot be used as it is."""


class EmptyVector(VectorError):
    """The layer has no features."""


class InvalidGeometry(VectorError):
    """A geometry is unusable."""


class EncodingError(VectorError):
    """Text in the layer cannot be decoded without loss."""


class TableError(ColibriError, ValueError):
    """A table of a run lacks a column, or holds what the column cannot hold."""


class UnsafeSource(ColibriError, ValueError):
    """An input asks for something that no input may ask for."""


class UnsafeXML(UnsafeSource):
    """The XML declares a document type, through which entities and other files come in."""


class UnsafeModel(UnsafeSource):
    """The file would run code when it is loaded."""


class ArchiveError(UnsafeSource):
    """An archive cannot be read as it is."""


class SettingsError(ColibriError, ValueError):
    """An option or a settings file is wrong."""


class ConfigError(SettingsError):
    """A settings file is wrong."""


class OutputError(ColibriError, OSError):
    """The output folder cannot be written or read."""

    @classmethod
    def refused(cls, place: object, error: OSError) -> OutputError:
        """Say that the system refuses to write to a place, why, and what to do about that.

        Examples
        --------
        >>> str(OutputError.refused("out", PermissionError(errno.EACCES, "Permission denied")))
        'out: cannot be written (Permission denied); give a folder that you may write to'
        """
        advice = "give another folder"
        if error.errno in DISK_FULL:
            advice = "make room or give another folder"
        elif error.errno in _NOT_ALLOWED:
            advice = "give a folder that you may write to"
        return cls(f"{place}: cannot be written ({error.strerror or error}); {advice}")


class OutputExists(OutputError):
    """The output folder exists already."""


class LayoutError(OutputError):
    """A PDF cannot be laid out; what stands beside it is not touched by that."""


class NotARun(OutputError):
    """The folder does not hold a run of colibri_geo."""


class EngineError(ColibriError, RuntimeError):
    """The processes that share the work of a scan cannot do it."""


class WorkerLost(EngineError):
    """A process that worked on a tile ended, or did not answer in time."""


class SchedulerLost(EngineError):
    """The scheduler of a cluster does not answer, or has no workers."""


class DownloadError(ColibriError, OSError):
    """Data that was asked for could not be fetched intact."""


class MissingExtra(ColibriError, ImportError):
    """A library that comes with an extra of the package alone is not installed."""
