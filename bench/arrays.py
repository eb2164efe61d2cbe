"""Konvo's arrays of 500 orders, beside bulk inserts of the same rows through the bare driver."""

from __future__ import annotations

import json
from itertools import count

import httpx

from bench import bare, sample
from bench.accepted import accepted
from bench.accepted_postgres import PROCESSES
from bench.requests import CUSTOMER, KEY, Request, konvo
from bench.rows import Row
from bench.run import Run, say
from bench.sample import Sample
from entrepot.testing.server import ENTREPOT, Server

NUMBER = 3
TARGET = 0.40
ARRAY = 500
CONNECTIONS = 8
CUSTOMERS = 1_000


def measure(run: Run) -> None:
    """On each engine: a sample of rows, the bare driver, the product, the bare driver again."""
    for engine in run.options.engines:
        for workers in (1, PROCESSES) if engine == "postgres" else (1,):
            with run.judged(CONNECTIONS), run.server(engine, "api", workers=workers) as server:
                run.rows.append(_beside_the_driver(run, engine, server))


def _beside_the_driver(run: Run, engine: str, server: Server) -> Row:
    request = konvo(server.credentials, ARRAY)
    if run.program != ENTREPOT:
        # Rows of another version are not of this schema; a comparison is of the servers alone.
        return accepted(run, server, engine, request, CONNECTIONS)
    taken = take(server, request)
    say(f"arrays, {engine}: the same rows through the bare driver")
    rates = {way: inserts(run, engine, way, taken) for way in bare.WAYS[engine]}
    best = max(rates, key=lambda way: rates[way])
    row = accepted(run, server, engine, request, CONNECTIONS)
    yardstick = (rates[best] + inserts(run, engine, best, taken)) / 2
    rows = ", ".join(f"{len(rows)} {table.name}" for table, rows in taken.tables)
    told = ", ".join(f"{way} {rate:,.0f}/s" for way, rate in rates.items())
    row.ratio, row.at_least = row.rate / yardstick, TARGET
    row.of = f"bulk inserts by the driver, {yardstick:,.0f}/s"
    row.note = f"{told}; rows of an array: {rows}"
    return row


def take(server: Server, request: Request) -> Sample:
    """The rows of one array, once every customer is known: what each further one will write."""
    numbers = count()
    for _ in range(CUSTOMERS // ARRAY):
        send(server, request, numbers)
    before = sample.read(server.database_url)
    send(server, request, numbers)
    return sample.between(before, sample.read(server.database_url), ARRAY)


def send(server: Server, request: Request, numbers: count[int]) -> None:
    """One array, with keys of the length that the load generator's have."""
    bodies = []
    for _, number in zip(range(ARRAY), numbers, strict=False):
        order = request.order.replace(KEY, f"{number:08x}-0123abcd-{number + 10_000}")
        bodies.append(json.loads(order.replace(CUSTOMER, str(number % CUSTOMERS))))
    answer = httpx.post(server.url + request.path, json=bodies, headers=request.headers, timeout=60)
    answer.raise_for_status()


def inserts(run: Run, engine: str, way: str, taken: Sample) -> float:
    """Orders a second that one way of the bare driver writes into a fresh book of this schema."""
    url, folder = run.place(engine, "bare")
    Server(url, folder).command("migrate")
    return ARRAY * bare.WAYS[engine][way](url, taken.batches(), run.options.seconds)
