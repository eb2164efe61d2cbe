"""Results of the comparison: a shop's figures, and their ratios. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

RESULT = Path("var/bench-peers.json")
JUDGED_AT = 32

Span = tuple[float, float]


class Load(msgspec.Struct, kw_only=True):
    """A closed loop of so many clients: complete orders a second, milliseconds of an order.

    The latencies are of `orders` orders. Cores are processor seconds a second in the window of
    `seconds`: of the shop's processes, of PostgreSQL's and of the load driver's.
    """

    clients: int
    rate: float
    p50: float
    p99: float
    orders: int
    seconds: float
    errors: int = 0
    first_error: str = ""
    shop_cores: float = 0.0
    postgres_cores: float = 0.0
    driver_cores: float = 0.0


class Sale(msgspec.Struct, kw_only=True):
    """One SKU and many buyers: `sold` is the units on orders in the shop's own tables."""

    stock: int
    buyers: int
    sold: int
    refused: int
    errors: int
    seconds: float
    first_error: str = ""

    @property
    def oversold(self) -> int:
        """Units sold that there were not; negative where fewer were sold than there are."""
        return self.sold - self.stock

    @property
    def promised(self) -> int:
        """Buyers who were told that they have it."""
        return self.buyers - self.refused - self.errors


class Shop(msgspec.Struct, kw_only=True):
    """One system in one set-up. Memory is the most seen under load, in bytes, its sum of PSS.

    `failed` says why there are no figures, or why they must not be believed.
    """

    name: str
    version: str
    how: str
    ours: bool = False
    engine: str = "PostgreSQL"
    installed_seconds: float | None = None
    prepared_seconds: float | None = None
    start_seconds: float | None = None
    memory: int = 0
    loads: list[Load] = []
    sale: Sale | None = None
    failed: str = ""

    def at(self, clients: int) -> Load | None:
        """The load of so many clients, where it was measured."""
        return next((load for load in self.loads if load.clients == clients), None)


class Ratio(msgspec.Struct, kw_only=True):
    """How one of ours stands to the best of the others."""

    name: str
    what: str
    ours: float
    other: float
    other_name: str

    @property
    def value(self) -> float:
        """Ours divided by the other."""
        return self.ours / self.other if self.other else 0.0


class Result(msgspec.Struct):
    """One run: the machine, how it was asked to run, the shops."""

    machine: dict[str, str]
    settings: dict[str, str]
    shops: list[Shop]
    ratios: list[Ratio]

    def save(self, path: Path) -> None:
        """Write it as indented JSON, making the folder at need."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


def load(path: Path) -> Result:
    """The run that was saved there. Raises OSError and msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=Result)


def rate(spans: Iterable[Span], begun: float, ended: float) -> float:
    """Orders a second in a window; an order counts by the share of its time that lies inside.

    Clients that start together end together, so where orders take seconds a count of ends would
    jump by a whole wave with the window's place.
    """
    total = 0.0
    for first, last in spans:
        inside = min(last, ended) - max(first, begun)
        if inside > 0:
            total += inside / (last - first)
    return total / (ended - begun) if ended > begun else 0.0


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many in a hundred stay within; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def milliseconds(spans: Iterable[Span], begun: float, ended: float) -> list[float]:
    """How long the orders took that ended in the window; where none did, those that span it."""
    inside = [one for one in spans if begun <= one[1] and one[0] <= ended]
    finished = [one for one in inside if one[1] <= ended]
    return [(last - first) * 1e3 for first, last in finished or inside]


def ratios(shops: Sequence[Shop], clients: int = JUDGED_AT) -> list[Ratio]:
    """Each of ours against the fastest and the leanest of the others. None where either lacks."""
    others = [shop for shop in shops if not shop.ours and not shop.failed]
    rates = [(load.rate, shop.name) for shop in others if (load := shop.at(clients))]
    memories = [(shop.memory, shop.name) for shop in others if shop.memory]
    found = []
    for shop in shops:
        if not shop.ours or shop.failed:
            continue
        load_ = shop.at(clients)
        if load_ and rates:
            best, name = max(rates)
            found.append(
                Ratio(
                    name=shop.name, what=f"orders/s at {clients}", ours=load_.rate,
                    other=best, other_name=name,
                )
            )  # fmt: skip
        if shop.memory and memories:
            least, name = min(memories)
            found.append(
                Ratio(
                    name=shop.name, what="memory", ours=shop.memory,
                    other=least, other_name=name,
                )
            )  # fmt: skip
    return found
