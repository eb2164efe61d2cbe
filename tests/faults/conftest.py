"""`make test` tries some rows of the matrix; `make payment-faults` tries these files as well."""

from tests.faults.matrix import ALL

collect_ignore = (
    []
    if ALL
    else ["test_time_passes.py", "test_takeover.py", "test_giving_back.py", "test_older_backup.py"]
)
