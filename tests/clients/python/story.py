"""A day with the client that openapi-python-client makes of the OpenAPI document."""

import os
from http import HTTPStatus

from quartermaster_client import AuthenticatedClient
from quartermaster_client.api.branches import create_branch
from quartermaster_client.api.items import create_item
from quartermaster_client.api.orders import cancel_order, create_order, fulfill_order
from quartermaster_client.api.stock import list_stock, set_stock
from quartermaster_client.models import BranchIn, ItemIn, LineIn, OrderIn, OrderOut, OrderStatusWord, Problem, SetStockIn

client = AuthenticatedClient(base_url=os.environ["SERVICES"], token=os.environ["TOKEN"])
stamp = f"py-{os.getpid()}"

branch = create_branch.sync(client=client, body=BranchIn(name=f"Quay {stamp}"))
item = create_item.sync(client=client, body=ItemIn(sku=f"ROPE-{stamp}", name="Rope", unit="m", decimal_places=1))


def count(quantity):
    return set_stock.sync(client=client, body=SetStockIn(branch_id=branch.id, item_id=item.id, quantity=quantity))


# The sum of two binary floats is not the decimal: it is refused by name, and exact once it is rounded.
refused = count(0.1 + 0.2)
assert isinstance(refused, Problem) and refused.status == 422, refused
assert any("quantity" in error.pointer for error in refused.errors), refused
assert count(round(0.1 + 0.2, 1)).quantity == 0.3

# The same request twice is one order, and one answer.
order = OrderIn(branch_id=branch.id, lines=[LineIn(item_id=item.id, requested_qty=0.2)])
first, again = (create_order.sync_detailed(client=client, body=order, idempotency_key=f"order-{stamp}") for _ in range(2))
assert first.status_code == HTTPStatus.CREATED and isinstance(first.parsed, OrderOut), first
assert again.content == first.content
assert again.headers["Idempotent-Replayed"] == "true"

# A body that may be left out is left out.
fulfilled = fulfill_order.sync(first.parsed.id, client=client)
assert fulfilled.status == OrderStatusWord.FULFILLED, fulfilled
assert fulfilled.lines[0].fulfilled_qty == 0.2

# A problem has its type.
refused = cancel_order.sync(first.parsed.id, client=client)
assert isinstance(refused, Problem) and refused.type_ == "/problems/wrong-state", refused

left = list_stock.sync(client=client, branch_id=branch.id, item_id=item.id)
assert [level.quantity for level in left] == [0.1], left
print("Python: 1 passed")
