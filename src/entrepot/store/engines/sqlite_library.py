"""How the SQLite library itself is set for this process, before its first connection.

SQLite locks a connection in each of its calls, and counts each piece of memory under one lock of
the process. An order took some 750 such locks, four percent of its processor time. Neither is
needed here: a connection is used by one thread at a time, and nobody asks SQLite for its memory.
"""

from __future__ import annotations

import ctypes

from pysqlite3 import _sqlite3

# Codes of sqlite3_config, from sqlite3.h: a connection without locks, memory without counting.
_MULTITHREAD, _MEMORY_STATUS = 2, 9


def set_for_one_thread_a_connection() -> bool:
    """Turn off SQLite's locks of a connection and its counting of memory. Returns whether it did.

    Nothing changes where a connection is open already, where the driver hides the library's
    functions, or where they were turned off before. Every caller may still open connections in
    any thread; from then on no two threads may use the same connection at a time.
    """
    library = ctypes.CDLL(_sqlite3.__file__)
    try:
        configure, used = library.sqlite3_config, library.sqlite3_memory_used
        begin, end = library.sqlite3_initialize, library.sqlite3_shutdown
    except AttributeError:
        return False
    used.restype = ctypes.c_longlong
    # SQLite may be set only while no connection is open, and an open one has memory.
    if used():
        return False
    end()
    done = [configure(_MULTITHREAD), configure(_MEMORY_STATUS, 0)]
    begin()
    return done == [0, 0]
