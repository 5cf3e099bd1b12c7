"""How much of a file lies in the page cache: see mincore(2).

Some file systems accept O_DIRECT and go through memory all the same. A speed measured there is
the memory's, and this shows it.
"""

from __future__ import annotations

import ctypes
import mmap
import os

_LOWEST_BITS = bytes(state & 1 for state in range(256))


def resident_share(descriptor: int, size: int) -> float:
    """The share, 0 to 1, of the first `size` bytes of an open file that lie in memory.

    Raises OSError.
    """
    pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
    library = ctypes.CDLL(None, use_errno=True)
    library.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    states = ctypes.create_string_buffer(pages)
    # Private and writable, as ctypes takes no address of a read-only buffer; never touched.
    with mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE) as view:
        first = ctypes.c_char.from_buffer(view)
        try:
            status = library.mincore(ctypes.addressof(first), size, states)
        finally:
            del first
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "mincore")
    # Only the lowest bit of a state has a meaning; a file of 16 GiB has four million of them.
    return states.raw.translate(_LOWEST_BITS).count(1) / pages
