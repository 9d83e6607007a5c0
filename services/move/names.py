"""Names of ours by code, beside which words of another system are held."""

from collections.abc import Collection

from services.installation import Installation
from services.terminal import client_of, running


def names_of(installation: Installation, fields: Collection[str]) -> dict[str, dict[str, str]]:
    """By field, of those that have a list here: agency, procedure. Raises Refused."""
    addresses, client = running(installation), client_of(installation)
    lists = {"agency": f"{addresses.routing}/v1/agencies", "procedure": f"{addresses.intake}/v1/procedures"}
    return {
        field: {one["code"]: one["name"] for one in client.items(url, {"limit": "200"})}
        for field, url in lists.items()
        if field in fields
    }
