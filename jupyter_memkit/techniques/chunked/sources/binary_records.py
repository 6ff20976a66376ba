"""Files of records of one size, without a header that describes them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.array_file import ArrayFileSource
from jupyter_memkit.techniques.chunked.sources.files import file_fingerprint
from jupyter_memkit.techniques.chunked.sources.ranges import check_options
from jupyter_memkit.techniques.chunked.sources.stored_array import StoredArray

_EXAMPLE = "--read dtype=f8 or --read \"dtype=[('id','<i8'),('price','<f4')]\""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryRecordsSource(ArrayFileSource):
    """A file of records, in arrays.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        ``dtype``, as `numpy.dtype` takes it, as a string or a list of fields; and
        ``offset``, the bytes before the first record.
    """

    def fingerprint(self) -> Any:
        """Return the size and modification time of the file, and how it is read."""
        stored = self.find_array()
        return [file_fingerprint(self.path), str(stored.dtype), stored.offset]

    def find_array(self) -> StoredArray:
        """Return the array, of the type and from the place in the options."""
        check_options(self.name, self.options, "dtype", "offset")
        dtype, offset = self._dtype(), self.options.get("offset", 0)
        if not isinstance(offset, int) or offset < 0:
            message = (
                f"offset is {offset!r}; use --read offset=N with the bytes before the "
                "first record"
            )
            raise SourceError(message)
        size = self.path.stat().st_size - offset
        if size < 0:
            message = (
                f"{self.name} is shorter than the offset of {offset:,} bytes; "
                "use a smaller --read offset=N, or the complete file"
            )
            raise SourceError(message)
        rows, rest = divmod(size, dtype.itemsize)
        if rest:
            message = (
                f"{self.name} has {size:,} bytes of records, which is not a multiple "
                f"of the {dtype.itemsize:,} bytes of one ({rest:,} are left over); use "
                "another --read dtype=TYPE, --read offset=N for bytes before the "
                "first, or the complete file"
            )
            raise SourceError(message)
        stored = StoredArray(
            path=self.path,
            name=self.name,
            dtype=dtype.base,
            shape=(rows, *dtype.shape),
            offset=offset,
        )
        stored.check_kind()
        return stored

    def _dtype(self) -> Any:
        numpy = import_library("numpy", self.name)
        given = self.options.get("dtype")
        if given is None:
            message = f"{self.name} does not describe its records; use {_EXAMPLE}"
            raise SourceError(message)
        try:
            if isinstance(given, str) and given.lstrip().startswith("["):
                given = ast.literal_eval(given)
            dtype = numpy.dtype(given)
        except (TypeError, ValueError, SyntaxError) as error:
            message = f"numpy has no dtype {given!r} ({error}); use {_EXAMPLE}"
            raise SourceError(message) from error
        if not dtype.itemsize:
            message = f"records of {given!r} have no bytes; use {_EXAMPLE}"
            raise SourceError(message)
        return dtype
