"""A request is followed by its id from the edge through the writer to the pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from entrepot.testing.clients import speaking
from entrepot.testing.server import Server, eventually

REQUEST = "follow-me-0001"


def test_a_server_says_where_it_listens(tmp_path: Path) -> None:
    with Server(f"sqlite:///{tmp_path / 'book.db'}", tmp_path) as server:
        lines = [json.loads(line) for line in server.log.read_text().splitlines() if line]
        told = {one["event"]: one["listening"] for one in lines if "listening" in one}
        assert told == {"server.started": [server.url]}


def test_one_request_is_seen_all_the_way(tmp_path: Path) -> None:
    env = {"ENTREPOT_LOG_LEVEL": "debug"}
    url = f"sqlite:///{tmp_path / 'book.db'}"
    with Server(url, tmp_path, env=env) as server, speaking(server) as world:
        body = world.synq_order()
        answer = world.synq.http.post(
            "/api/v1/oms/orders", json=body, headers={"X-Request-Id": REQUEST}
        )
        assert answer.status_code == 201
        assert answer.headers["x-request-id"] == REQUEST

        def seen() -> set[str]:
            lines = [json.loads(line) for line in server.log.read_text().splitlines() if line]
            told = {line["event"] for line in lines if REQUEST in json.dumps(line)}
            rooms = {event.split(".")[0] for event in told}
            return told if {"request", "writer", "pipeline"} <= rooms else set()

        eventually(seen, "the request is seen at the edge, in the writer and in the pipeline")
        text = server.log.read_text()
        secrets = [world.synq.http.headers["Authorization"][7:], body["payment_reference"]]
        assert not [secret for secret in secrets if secret in text]
        figures = httpx.get(f"{server.url}/metrics").text
        for name in (
            "entrepot_orders_accepted_total", "entrepot_batch_commands_sum",
            "entrepot_commit_seconds_sum", "entrepot_writer_queue_seconds_sum",
            "entrepot_oldest_due_job_seconds", "entrepot_order_events_total",
        ):  # fmt: skip
            assert name in figures
