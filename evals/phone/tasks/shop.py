"""Tasks in the shop: carts, orders, payment, the account."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ..oracle import Rung, Target, answer, do, fill, go, read, toggle
from ..template import Params, Template
from ._apps import flow, pick, rows, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

PRODUCTS = {
    "Black tea, 100 g": 790,
    "Ceramic mug": 1290,
    "Dark chocolate": 450,
    "Desk lamp": 4590,
    "Fountain pen": 3490,
    "French press": 2490,
    "Notebook, dotted": 690,
    "Running socks": 1490,
    "USB-C cable": 990,
    "Water bottle": 1990,
    "Yoga mat": 3290,
}
HOME = "12 Elm Street, Springfield"
ADDRESSES = ("4 Harbour Lane, Port Ellis", "77 Mill Road, Ashford", "9 Chapel Square, Kirkby")
OLD = 1  # the order that was there from the start


def orders(android: VirtualAndroid) -> list[tuple[str, ...]]:
    """(items, address, delivery, status) of new orders."""
    sql = "SELECT items, address, delivery, status FROM orders WHERE id > ? ORDER BY id"
    return rows(android, "Corner Shop", sql, OLD)


def cart(android: VirtualAndroid) -> dict[str, int]:
    """Name → count of what lies in the cart."""
    sql = "SELECT p.name, c.count FROM cart c JOIN products p ON p.id = c.product"
    return dict(rows(android, "Corner Shop", sql))  # pyright: ignore[reportArgumentType]


def account(android: VirtualAndroid, key: str) -> str:
    """A value of the account."""
    return rows(android, "Corner Shop", "SELECT value FROM account WHERE key = ?", key)[0][0]


def fill_cart(android: VirtualAndroid, *names: str) -> None:
    """Put products into the cart."""
    for name in names:
        android.db("org.tenfold.shop").execute(
            "INSERT INTO cart SELECT id, 1 FROM products WHERE name = ?", (name,)
        )


def place_order(android: VirtualAndroid, name: str) -> None:
    """An order that was placed and not yet sent."""
    android.db("org.tenfold.shop").execute(
        "INSERT INTO orders (at, items, cents, address, card, delivery, status)"
        " VALUES ('2026-03-11T10:00', ?, ?, ?, 'Visa ending 4242', 'Standard', 'Placed')",
        (f"1 x {name}", PRODUCTS[name], HOME),
    )


def _one(rng: Random) -> Params:
    return {"product": pick(rng, PRODUCTS)}


def _two(rng: Random) -> Params:
    first, second = rng.sample(sorted(PRODUCTS), 2)
    return {"first": first, "second": second}


def _with_address(rng: Random) -> Params:
    return {"product": pick(rng, PRODUCTS), "address": pick(rng, ADDRESSES)}


def row(name: str) -> Target:
    """A product's row."""
    return Target(name, id="product_row", contains=True)


def add(name: str) -> tuple[Rung, ...]:
    """Put one product into the cart."""
    return (
        go("Shop", role="item"),
        go(name, id="product_row", contains=True),
        do("Add to cart", until=row(name)),
    )


PAY = (go("Cart", role="item"), go("Checkout", role="button"))
_PLACED = Target("Placed", contains=True)


def _bought(android: VirtualAndroid, p: Params, said: str) -> bool:
    return orders(android) == [(f"1 x {p['product']}", HOME, "Standard", "Placed")]


def _bought_there(android: VirtualAndroid, p: Params, said: str) -> bool:
    return orders(android) == [(f"1 x {p['product']}", p["address"], "Express", "Placed")]


def _cheaper(rng: Random) -> Params:
    first, second = rng.sample(sorted(PRODUCTS), 2)
    return {"first": first, "second": second}


def _named_cheaper(android: VirtualAndroid, p: Params, said: str) -> bool:
    low, high = sorted((p["first"], p["second"]), key=PRODUCTS.__getitem__)
    return says(said, low) and not says(said, high)


def _price(save: str, name: str) -> Rung:
    return read(save, name, r"\$([\d.]+)", contains=True, id="product_row")


TEMPLATES: list[Template] = [
    Template(
        name="ShopAddToCart",
        apps=("Corner Shop",),
        difficulty="easy",
        max_steps=36,
        draw=_one,
        goal="Put one {product} into the cart of the Corner Shop app. Do not order it.",
        success=lambda a, p, said: cart(a) == {p["product"]: 1} and not orders(a),
        oracle=lambda p: [flow("Corner Shop", *add(p["product"]))],
        tags=("data_entry",),
    ),
    Template(
        name="ShopAddThree",
        apps=("Corner Shop",),
        difficulty="medium",
        max_steps=56,
        draw=_one,
        goal="Put three pieces of {product} into the cart of the Corner Shop app.",
        success=lambda a, p, said: cart(a) == {p["product"]: 3} and not orders(a),
        oracle=lambda p: [
            flow(
                "Corner Shop",
                go(p["product"], id="product_row", contains=True),
                do("More", until=Target("2", id="quantity"), when=Target("1", id="quantity")),
                do("More", until=Target("3", id="quantity"), when=Target("2", id="quantity")),
                do("Add to cart", until=row(p["product"])),
            )
        ],
        tags=("data_entry", "repetition"),
    ),
    Template(
        name="ShopAddTwoProducts",
        apps=("Corner Shop",),
        difficulty="medium",
        max_steps=44,
        draw=_two,
        goal="Put one {first} and one {second} into the cart of the Corner Shop app.",
        success=lambda a, p, said: cart(a) == {p["first"]: 1, p["second"]: 1} and not orders(a),
        oracle=lambda p: [flow("Corner Shop", *add(p["first"])), flow("Corner Shop", *add(p["second"]))],
        tags=("data_entry", "repetition"),
    ),
    Template(
        name="ShopRemoveFromCart",
        apps=("Corner Shop",),
        difficulty="easy",
        max_steps=36,
        draw=_two,
        goal="Remove {first} from the cart of the Corner Shop app; leave the rest there.",
        initialise=lambda a, p: fill_cart(a, p["first"], p["second"]),
        success=lambda a, p, said: cart(a) == {p["second"]: 1},
        oracle=lambda p: [flow("Corner Shop", go("Cart", role="item"), do(lambda m: f"Remove {p['first']}"))],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="ShopBuy",
        apps=("Corner Shop",),
        difficulty="medium",
        max_steps=44,
        draw=_one,
        goal="Buy one {product} in the Corner Shop app, with standard delivery to my address, and pay by my card.",
        success=_bought,
        oracle=lambda p: [
            flow("Corner Shop", *add(p["product"])),
            flow("Corner Shop", *PAY, go("Pay $", contains=True, id="/pay"), do("Pay now", until=_PLACED)),
        ],
        approves=frozenset({"pay"}),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="ShopBuyExpressElsewhere",
        apps=("Corner Shop",),
        difficulty="hard",
        max_steps=68,
        draw=_with_address,
        goal="Buy one {product} in the Corner Shop app with express delivery to {address}.",
        success=_bought_there,
        oracle=lambda p: [
            flow("Corner Shop", *add(p["product"])),
            flow(
                "Corner Shop",
                *PAY,
                fill(id="/address", text=p["address"]),
                toggle("Express", contains=True),
                go("Pay $", contains=True, id="/pay"),
                do("Pay now", until=_PLACED),
            ),
        ],
        approves=frozenset({"pay"}),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="ShopCancelOrder",
        apps=("Corner Shop",),
        difficulty="medium",
        max_steps=36,
        draw=_one,
        goal="Cancel my order of {product} in the Corner Shop app.",
        initialise=lambda a, p: place_order(a, p["product"]),
        success=lambda a, p, said: [o[3] for o in orders(a)] == ["Cancelled"],
        oracle=lambda p: [
            flow(
                "Corner Shop",
                go("Orders", role="item"),
                go(p["product"], contains=True, id="order_row"),
                go("Cancel order", role="button"),
                do("Cancel order", id="button1", until=Target("Cancelled", contains=True)),
            )
        ],
        approves=frozenset({"delete", "pay"}),
        tags=("data_edit",),
    ),
    Template(
        name="ShopFavourite",
        apps=("Corner Shop",),
        difficulty="easy",
        max_steps=36,
        draw=_one,
        goal="Mark {product} as a favourite in the Corner Shop app.",
        success=lambda a, p, said: (
            rows(a, "Corner Shop", "SELECT name FROM products WHERE favourite") == [(p["product"],)]
        ),
        oracle=lambda p: [
            flow(
                "Corner Shop",
                go(p["product"], id="product_row", contains=True),
                do("Add to favourites", until=Target("Remove from favourites")),
            )
        ],
        tags=("data_edit",),
    ),
    Template(
        name="ShopNewsletterOff",
        apps=("Corner Shop",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: {},
        goal="Unsubscribe from the Corner Shop's newsletter in its app.",
        success=lambda a, p, said: account(a, "newsletter") == "off" and account(a, "one_click") == "off",
        oracle=lambda p: [flow("Corner Shop", go("Account", role="item"), toggle("Newsletter", on=False))],
        approves=frozenset({"account"}),
        tags=("data_edit",),
    ),
    Template(
        name="ShopChangeAddress",
        apps=("Corner Shop",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"address": pick(rng, ADDRESSES)},
        goal="Change my address in the Corner Shop app to {address}.",
        success=lambda a, p, said: account(a, "address") == p["address"],
        oracle=lambda p: [
            flow(
                "Corner Shop",
                go("Account", role="item"),
                go("Address", contains=True, role="item"),
                fill(id="address_field", text=p["address"]),
                do("Save"),
            )
        ],
        approves=frozenset({"account"}),
        tags=("data_edit",),
    ),
    Template(
        name="ShopPoints",
        apps=("Corner Shop",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: {},
        goal="How many points do I have in the Corner Shop app?",
        success=lambda a, p, said: says(said, account(a, "points")),
        oracle=lambda p: [
            flow(
                "Corner Shop",
                go("Account", role="item"),
                read("points", "Points", r"Points,? (\d+)", contains=True),
            ),
            answer(lambda m: m["points"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="ShopCheaper",
        apps=("Corner Shop",),
        difficulty="medium",
        max_steps=36,
        draw=_cheaper,
        goal="Which is cheaper in the Corner Shop app: {first} or {second}? Answer with the product's name.",
        success=_named_cheaper,
        oracle=lambda p: [
            flow("Corner Shop", _price("a", p["first"])),
            flow("Corner Shop", _price("b", p["second"])),
            answer(lambda m: p["first"] if float(m["a"]) < float(m["b"]) else p["second"]),
        ],
        tags=("information_retrieval", "math_counting"),
    ),
]
