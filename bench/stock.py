"""Stock for a run, set through the product's own API."""

from __future__ import annotations

import httpx

from entrepot.testing.server import Server

PLENTY = 1_000_000_000


def replenish(server: Server) -> None:
    """Give the variants that the requests order more stock than any run can take."""
    for variant in server.credentials["variants"][:2]:
        adjust(server, variant["id"], PLENTY)


def adjust(server: Server, variant: str, delta: int) -> None:
    """Change a variant's stock on hand at the demo organization's location."""
    told = server.credentials["synq"]
    headers = {
        "Authorization": f"Bearer {told['token']}",
        "X-Tenant-ID": told["tenant_id"],
        "X-Org-ID": told["org_id"],
    }
    body = {
        "variant_id": variant,
        "location_id": told["location_id"],
        "quantity_delta": delta,
    }
    url = f"{server.url}/api/v1/inventory/adjust"
    httpx.post(url, json=body, headers=headers, timeout=30).raise_for_status()
