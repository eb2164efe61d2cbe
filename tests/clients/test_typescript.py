"""Clients that @hey-api/openapi-ts makes of the documents live a whole story on a server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.clients.conftest import MADE
from tests.clients.documents import kept
from tests.clients.test_python import SETTINGS

from entrepot.testing.clients import World, konvo_order
from entrepot.testing.server import Server

SOURCES = Path(__file__).parent / "typescript"


def run(folder: Path, *command: str) -> None:
    """Runs a command of the folder; it has to succeed, and its errors are shown."""
    path = f"{folder / 'node_modules' / '.bin'}:{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(folder), "NO_COLOR": "1"}
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=env
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-8000:]


def test_the_stories_of_the_typescript_clients(
    server: Server, world: World, tmp_path: Path
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    kept(documents)
    for name in ("make.mjs", "package.json", "stories.ts", "tsconfig.json"):
        shutil.copyfile(SOURCES / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(Path(MADE or "", "typescript", "node_modules"))
    run(tmp_path, "node", "make.mjs", str(documents))
    run(tmp_path, "tsc")
    told = {
        "url": server.url,
        "headers": {name: dict(one.headers) for name, one in world.dialects.items()},
        "bodies": {
            "synq": world.synq_order(), "konvo": konvo_order(), "native": world.native_order(),
            "polinate": world.polinate_order(),
            "settings": SETTINGS,
            "stock": {
                "variant_id": world.variants[0]["id"], "location_id": world.synq.location_id,
                "quantity_delta": 3,
            },
        },
    }  # fmt: skip
    (tmp_path / "told.json").write_text(json.dumps(told))
    run(tmp_path, "node", "built/stories.js", str(tmp_path / "told.json"))
