"""A shop: browse, search, cart, address, payment with a stored card, orders. No money is involved."""

from __future__ import annotations

import random
from typing import ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

CATALOGUE = (
    ("Ceramic mug", "Kitchen", 1290, 4.6),
    ("French press", "Kitchen", 2490, 4.4),
    ("Green tea, 100 g", "Food", 890, 4.8),
    ("Black tea, 100 g", "Food", 790, 4.1),
    ("Dark chocolate", "Food", 450, 4.7),
    ("Running socks", "Sport", 1490, 4.3),
    ("Yoga mat", "Sport", 3290, 4.5),
    ("Water bottle", "Sport", 1990, 4.2),
    ("Notebook, dotted", "Office", 690, 4.9),
    ("Fountain pen", "Office", 3490, 4.0),
    ("Desk lamp", "Office", 4590, 3.9),
    ("USB-C cable", "Office", 990, 4.3),
)
TABS = (("Shop", "store"), ("Cart", "cart"), ("Orders", "list"), ("Account", "person"))


def money(cents: int) -> str:
    """Cents as dollars."""
    return f"${cents / 100:.2f}"


@register
class Shop(App):
    """A shop with a stored card and address."""

    package = "org.tenfold.shop"
    label = "Corner Shop"
    activity = "org.tenfold.shop.MainActivity"
    activities: ClassVar[dict[str, str]] = {
        "checkout": "org.tenfold.shop.CheckoutActivity",
        "product": "org.tenfold.shop.ProductActivity",
    }
    color = "#00695C"
    icon = "store"
    database = "shop.db"
    schema = (
        "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL,"
        " cents INTEGER NOT NULL, stars REAL NOT NULL, favourite INTEGER NOT NULL DEFAULT 0);"
        "CREATE TABLE cart (product INTEGER PRIMARY KEY, count INTEGER NOT NULL);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, at TEXT NOT NULL, items TEXT NOT NULL, cents INTEGER NOT NULL,"
        " address TEXT NOT NULL, card TEXT NOT NULL, delivery TEXT NOT NULL, status TEXT NOT NULL);"
        "CREATE TABLE account (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
    )

    def seed(self, rng: random.Random) -> None:
        """The catalogue, an account and one old order."""
        for name, category, cents, stars in CATALOGUE:
            self.run(
                "INSERT INTO products (name, category, cents, stars) VALUES (?, ?, ?, ?)",
                name,
                category,
                cents,
                stars,
            )
        for key, value in (
            ("name", "Sam Taylor"),
            ("address", "12 Elm Street, Springfield"),
            ("card", "Visa ending 4242"),
            ("newsletter", "on"),
            ("one_click", "off"),
            ("points", str(100 + rng.randrange(80))),
        ):
            self.run("INSERT INTO account VALUES (?, ?)", key, value)
        self.run(
            "INSERT INTO orders (at, items, cents, address, card, delivery, status) VALUES (?, ?, ?, ?, ?, ?, ?)",
            "2026-02-20T18:05",
            "1 x Yoga mat",
            3290,
            "12 Elm Street, Springfield",
            "Visa ending 4242",
            "Standard",
            "Delivered",
        )

    def account(self, key: str) -> str:
        """A value of the account, or ""."""
        row = self.one("SELECT value FROM account WHERE key = ?", key)
        return str(row[0]) if row is not None else ""

    def _set(self, key: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO account VALUES (?, ?)", key, value)

    def in_cart(self) -> list[tuple[int, str, int, int]]:
        """(product, name, cents each, count) of the cart."""
        sql = "SELECT p.id, p.name, p.cents, c.count FROM cart c JOIN products p ON p.id = c.product ORDER BY p.name"
        return [(r[0], r[1], r[2], r[3]) for r in self.rows(sql)]

    def _tabs(self, ui: Kit, here: str) -> View:
        def show(name: str) -> None:
            self.stack = [Screen("home", {"tab": name})]

        return ui.tabs(
            [(name, icon, name == here, lambda name=name: show(name)) for name, icon in TABS], bottom=True
        )

    def screen_home(self, ui: Kit, screen: Screen) -> View:
        """One of the four tabs."""
        here = str(screen.args.get("tab", "Shop"))
        build = {"Shop": self._shop, "Cart": self._cart, "Orders": self._orders, "Account": self._account}[
            here
        ]
        bar = ui.search_bar("q", "Search products") if here == "Shop" else ui.bar(here)
        return ui.page(build(ui, screen), bar=bar, foot=self._tabs(ui, here), recycler=True)

    def _shop(self, ui: Kit, screen: Screen) -> list[View]:
        chosen, words = str(screen.args.get("category", "")), screen.fields.get("q", "").casefold()
        categories = ["All", *sorted({c for _, c, _, _ in CATALOGUE})]

        def choose(name: str) -> None:
            screen.args["category"] = "" if name == "All" else name

        chips = [
            ui.chip(name, lambda name=name: choose(name), selected=name == (chosen or "All"))
            for name in categories
        ]
        products = self.rows("SELECT * FROM products ORDER BY name")
        listed = [
            ui.row(
                p["name"],
                f"{money(p['cents'])} · ★ {p['stars']}",
                on_tap=lambda p=p: self.open("product", product=p["id"]),
                lead=ui.avatar(p["name"]),
                id="product_row",
                note="liked" if p["favourite"] else "",
            )
            for p in products
            if (not chosen or p["category"] == chosen) and words in p["name"].casefold()
        ]
        return [
            ui.inset(ui.line(chips, gap=16), top=10, bottom=20),
            *(listed or [ui.empty("No product found.", "search")]),
        ]

    def screen_product(self, ui: Kit, screen: Screen) -> View:
        """One product."""
        p = self.one("SELECT * FROM products WHERE id = ?", screen.args["product"])
        assert p is not None
        count = int(screen.args.get("count", 1))

        def change(by: int) -> None:
            screen.args["count"] = min(9, max(1, count + by))

        heart = ui.icon_button(
            "heart",
            "Remove from favourites" if p["favourite"] else "Add to favourites",
            lambda: self.run("UPDATE products SET favourite = NOT favourite WHERE id = ?", p["id"]),
            color=ui.theme.danger if p["favourite"] else "",
        )
        counter = ui.line(
            [
                ui.icon_button("minus", "Fewer", lambda: change(-1)),
                ui.text(str(count), size=52, id="quantity", width=90, align="center"),
                ui.icon_button("add", "More", lambda: change(1)),
            ],
            gap=20,
        )
        body = [
            ui.inset(ui.text(p["name"], size=64, bold=True, id="product_name"), top=20),
            ui.inset(
                ui.text(f"{money(p['cents'])} · ★ {p['stars']} · {p['category']}", color=ui.theme.muted),
                top=10,
                bottom=30,
            ),
            ui.inset(counter, bottom=30),
            ui.inset(
                ui.button("Add to cart", lambda: self._add(p["id"], count), filled=True, width=ui.width - 96)
            ),
        ]
        if self.account("one_click") == "on":
            body.append(
                ui.inset(
                    ui.button("Buy now", lambda: self._buy_now(p["id"], count), width=ui.width - 96), top=20
                )
            )
        picture = [ui.space(60, ui.width), ui.avatar(p["name"], size=420)]
        body.append(ui.column(picture, align="center", width=ui.width))
        return ui.page(body, bar=ui.bar("Product", back=self.back, actions=[heart]))

    def _add(self, product: int, count: int) -> None:
        self.run(
            "INSERT INTO cart VALUES (?, ?) ON CONFLICT (product)"
            " DO UPDATE SET count = min(99, count + excluded.count)",
            product,
            count,
        )
        self.toast("Added to cart")
        self.back()

    def _buy_now(self, product: int, count: int) -> None:
        self.run("DELETE FROM cart")
        self.run("INSERT INTO cart VALUES (?, ?)", product, count)
        self.pay("Standard")

    def _cart(self, ui: Kit, screen: Screen) -> list[View]:
        items = self.in_cart()
        if not items:
            return [ui.empty("Your cart is empty.", "cart")]
        rows = [
            ui.row(
                name,
                f"{count} x {money(cents)}",
                id="cart_row",
                lead=ui.avatar(name),
                trail=ui.icon_button(
                    "delete", f"Remove {name}", lambda product=product: self._remove(product)
                ),
            )
            for product, name, cents, count in items
        ]
        total = sum(cents * count for _, _, cents, count in items)
        pay = ui.button(
            "Checkout",
            lambda: self.open("checkout", {"address": self.account("address")}),
            filled=True,
            width=ui.width - 96,
        )
        return [*rows, ui.row("Total", note=money(total), id="total_row"), ui.inset(pay, top=20)]

    def _remove(self, product: int) -> None:
        self.run("DELETE FROM cart WHERE product = ?", product)

    def screen_checkout(self, ui: Kit, screen: Screen) -> View:
        """Address, delivery, payment."""
        chosen = str(screen.args.get("delivery", "Standard"))
        extra = 590 if chosen == "Express" else 0
        total = sum(cents * count for _, _, cents, count in self.in_cart()) + extra

        def deliver(name: str) -> None:
            screen.args["delivery"] = name

        body = [
            ui.header("Deliver to"),
            ui.inset(ui.field("address", "Address", id="address"), bottom=10),
            ui.header("Delivery"),
            ui.check_row(
                "Standard",
                chosen == "Standard",
                lambda: deliver("Standard"),
                subtitle="3 to 5 days, free",
                radio=True,
            ),
            ui.check_row(
                "Express",
                chosen == "Express",
                lambda: deliver("Express"),
                subtitle="Tomorrow, $5.90",
                radio=True,
            ),
            ui.header("Pay with"),
            ui.row(self.account("card"), "Stored card", icon="lock"),
            ui.row("Total", note=money(total), id="total_row"),
            ui.inset(
                ui.button(
                    f"Pay {money(total)}",
                    lambda: self._pay_asked(chosen, total),
                    filled=True,
                    id="pay",
                    width=ui.width - 96,
                )
            ),
        ]
        return ui.page(body, bar=ui.bar("Checkout", back=self.back))

    def _pay_asked(self, delivery: str, total: int) -> None:
        self.confirm(
            "Confirm payment",
            f"{money(total)} will be charged to {self.account('card')}.",
            "Pay now",
            self.pay,
            delivery=delivery,
        )

    def pay(self, delivery: str) -> None:
        """Turn the cart into an order."""
        items = self.in_cart()
        cents = sum(each * count for _, _, each, count in items) + (590 if delivery == "Express" else 0)
        order = self.run(
            "INSERT INTO orders (at, items, cents, address, card, delivery, status) VALUES (?, ?, ?, ?, ?, ?, ?)",
            self.now.isoformat(timespec="minutes"),
            ", ".join(f"{n} x {name}" for _, name, _, n in items),
            cents,
            self.screen.fields.get("address", "") or self.account("address"),
            self.account("card"),
            delivery,
            "Placed",
        )
        self.run("DELETE FROM cart")
        self.stack = [Screen("home", {"tab": "Orders"}), Screen("order", {"order": order})]

    def _orders(self, ui: Kit, screen: Screen) -> list[View]:
        return [
            ui.row(
                f"Order {10000 + o['id']}",
                o["items"],
                note=o["status"],
                id="order_row",
                on_tap=lambda o=o: self.open("order", order=o["id"]),
            )
            for o in self.rows("SELECT * FROM orders ORDER BY id DESC")
        ]

    def screen_order(self, ui: Kit, screen: Screen) -> View:
        """One order."""
        o = self.one("SELECT * FROM orders WHERE id = ?", screen.args["order"])
        assert o is not None
        placed = o["status"] == "Placed"
        body = [
            ui.row("Items", o["items"], lines=4),
            ui.row("Total", money(o["cents"])),
            ui.row("Paid with", o["card"]),
            ui.row("Address", o["address"]),
            ui.row("Delivery", o["delivery"]),
            ui.row("Status", o["status"]),
        ]
        if placed:
            cancel = ui.button(
                "Cancel order",
                lambda: self.confirm(
                    "Cancel this order?", "You will be refunded.", "Cancel order", self.cancel, order=o["id"]
                ),
                danger=True,
                width=ui.width - 96,
            )
            body.append(ui.inset(cancel, top=30))
        return ui.page(body, bar=ui.bar(f"Order {10000 + o['id']}", back=self.back))

    def cancel(self, order: int) -> None:
        """Cancel an order that was placed."""
        self.run("UPDATE orders SET status = 'Cancelled' WHERE id = ? AND status = 'Placed'", order)

    def _account(self, ui: Kit, screen: Screen) -> list[View]:
        def flip(key: str) -> None:
            self._set(key, "off" if self.account(key) == "on" else "on")

        return [
            ui.row("Name", self.account("name"), icon="person"),
            ui.row("Address", self.account("address"), icon="location", on_tap=self._address),
            ui.row("Card", self.account("card"), icon="lock"),
            ui.row("Points", self.account("points"), icon="star"),
            ui.switch_row(
                "Newsletter", self.account("newsletter") == "on", lambda: flip("newsletter"), icon="mail"
            ),
            ui.switch_row(
                "One-click ordering",
                self.account("one_click") == "on",
                lambda: flip("one_click"),
                icon="cart",
                subtitle="Buy without confirming the payment",
            ),
        ]

    def _address(self) -> None:
        self.screen.fields["address"] = self.account("address")
        self.ask("address")

    def dialog_address(self, ui: Kit, screen: Screen) -> View:
        """Another address."""
        body = [ui.field("address", "Address", width=ui.width - 240, id="address_field")]
        save = self.then(lambda: self._set("address", screen.fields.get("address", "")))
        return ui.dialog("Change address", body, [("Cancel", self.dismiss), ("Save", save)])
