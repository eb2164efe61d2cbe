"""The documents that clients are made of: our own, and those of the published contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contracts import konvo, polinate, published, synq

from entrepot.edge.openapi import document

DIALECTS = ("synq", "polinate", "konvo", "native")
CONTRACTS = (synq.CONTRACT, polinate.CONTRACT, konvo.CONTRACT)
PUBLISHED = "published_"


def documents() -> dict[str, dict[str, Any]]:
    """Every document by its name, which is also that of its clients."""
    own = {name: document(name) for name in DIALECTS}
    return own | {PUBLISHED + one.dialect: published.document(one) for one in CONTRACTS}


def kept(folder: Path) -> dict[str, Path]:
    """The documents in files."""
    files = {}
    for name, told in documents().items():
        files[name] = folder / f"{name}.json"
        files[name].write_text(json.dumps(told))
    return files
