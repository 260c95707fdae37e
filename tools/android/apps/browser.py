"""A browser over a small web of its own, with the tree rules of a WebView. Nothing is fetched from anywhere."""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View


@dataclass(frozen=True, slots=True)
class Page:
    """A page: a title and blocks: h (heading), p (paragraph), a (link: words and address), field (name and hint),
    submit (words and the address that it leads to)."""

    title: str
    blocks: tuple[tuple[str, ...], ...]


WEB: dict[str, Page] = {
    "home.example": Page(
        "Start page",
        (
            ("h", "Start page"),
            ("a", "Daily Herald", "herald.example"),
            ("a", "Weather", "weather.example"),
            ("a", "City Library", "library.example"),
            ("a", "Recipes", "recipes.example"),
            ("a", "Rail tickets", "rail.example"),
        ),
    ),
    "herald.example": Page(
        "Daily Herald",
        (
            ("h", "Daily Herald"),
            ("p", "Council approves new tram line after long debate."),
            ("a", "Tram line: what changes", "herald.example/tram"),
            ("a", "Marathon results", "herald.example/marathon"),
            ("h", "Newsletter"),
            ("field", "email", "Your email address"),
            ("submit", "Subscribe", "herald.example/thanks"),
        ),
    ),
    "herald.example/tram": Page(
        "Tram line: what changes",
        (
            ("h", "Tram line: what changes"),
            ("p", "Line 7 will run from Harbour to University every 6 minutes from September 4."),
            ("p", "A single ticket will cost $2.40."),
            ("a", "Back to the front page", "herald.example"),
        ),
    ),
    "herald.example/marathon": Page(
        "Marathon results",
        (
            ("h", "Marathon results"),
            ("p", "1. Lena Okafor 2:31:07"),
            ("p", "2. Marta Silva 2:33:42"),
            ("p", "3. Ji-woo Han 2:35:15"),
        ),
    ),
    "herald.example/thanks": Page("Thank you", (("h", "Thank you"), ("p", "You are subscribed."))),
    "weather.example": Page(
        "Weather",
        (
            ("h", "Springfield"),
            ("p", "Today: 11 °C, light rain"),
            ("p", "Friday: 14 °C, sunny"),
            ("p", "Saturday: 9 °C, storm warning"),
            ("p", "Sunday: 12 °C, cloudy"),
        ),
    ),
    "library.example": Page(
        "City Library",
        (
            ("h", "City Library"),
            ("p", "Open Tuesday to Saturday, 10:00 to 19:00."),
            ("a", "Renew a book", "library.example/renew"),
            ("a", "Reading list", "library.example/list"),
        ),
    ),
    "library.example/renew": Page(
        "Renew a book",
        (
            ("h", "Renew a book"),
            ("field", "card", "Library card number"),
            ("field", "title", "Title of the book"),
            ("submit", "Renew", "library.example/renewed"),
        ),
    ),
    "library.example/renewed": Page("Renewed", (("h", "Renewed"), ("p", "The book is due in three weeks."))),
    "library.example/list": Page(
        "Reading list",
        (
            ("h", "Reading list"),
            *(
                ("p", f"{n}. {t}")
                for n, t in enumerate(
                    (
                        "Middlemarch",
                        "The Left Hand of Darkness",
                        "Pedro Páramo",
                        "The Vegetarian",
                        "Things Fall Apart",
                        "The Waves",
                        "Austerlitz",
                        "Beloved",
                        "Kokoro",
                        "The Tin Drum",
                        "Season of Migration to the North",
                        "Wide Sargasso Sea",
                        "The Master and Margarita",
                        "Invisible Cities",
                    ),
                    1,
                )
            ),
        ),
    ),
    "recipes.example": Page(
        "Recipes",
        (
            ("h", "Recipes"),
            ("a", "Lentil soup", "recipes.example/lentil"),
            ("a", "Pancakes", "recipes.example/pancakes"),
        ),
    ),
    "recipes.example/lentil": Page(
        "Lentil soup",
        (
            ("h", "Lentil soup"),
            ("p", "Red lentils 250 g"),
            ("p", "Carrots 3"),
            ("p", "Onion 1"),
            ("p", "Cumin 2 tsp"),
            ("p", "Cook for 25 minutes."),
        ),
    ),
    "recipes.example/pancakes": Page(
        "Pancakes",
        (
            ("h", "Pancakes"),
            ("p", "Flour 200 g"),
            ("p", "Milk 300 ml"),
            ("p", "Eggs 2"),
            ("p", "Fry 2 minutes a side."),
        ),
    ),
    "rail.example": Page(
        "Rail tickets",
        (
            ("h", "Rail tickets"),
            ("field", "from", "From"),
            ("field", "to", "To"),
            ("submit", "Find trains", "rail.example/trains"),
        ),
    ),
    "rail.example/trains": Page(
        "Trains",
        (
            ("h", "Trains"),
            ("p", "07:15 direct, $34.00"),
            ("p", "09:40 one change, $21.50"),
            ("p", "13:05 direct, $29.00"),
        ),
    ),
}


@register
class Browser(App):
    """A browser with an address bar, bookmarks and history."""

    package = "com.android.chrome"
    label = "Chrome"
    activity = "com.google.android.apps.chrome.Main"
    color = "#1A73E8"
    icon = "globe"
    database = "browser.db"
    schema = (
        "CREATE TABLE history (id INTEGER PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, at TEXT NOT NULL);"
        "CREATE TABLE bookmarks (url TEXT PRIMARY KEY, title TEXT NOT NULL);"
        "CREATE TABLE submissions (id INTEGER PRIMARY KEY, url TEXT NOT NULL, fields TEXT NOT NULL);"
        "CREATE TABLE pages (url TEXT PRIMARY KEY, title TEXT NOT NULL, blocks TEXT NOT NULL)"
    )

    def seed(self, rng: random.Random) -> None:
        """One bookmark and a little history."""
        self.run("INSERT INTO bookmarks VALUES ('weather.example', 'Weather')")
        for url in ("herald.example", "recipes.example"):
            self.run(
                "INSERT INTO history (url, title, at) VALUES (?, ?, ?)",
                url,
                WEB[url].title,
                self.now.isoformat(),
            )

    def publish(self, url: str, page: Page) -> None:
        """Put a page of a task's own into the web."""
        from json import dumps

        self.run("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", url, page.title, dumps(page.blocks))

    def page_at(self, url: str) -> Page | None:
        """The page at an address, or None."""
        own = self.one("SELECT title, blocks FROM pages WHERE url = ?", url)
        if own is not None:
            from json import loads

            return Page(own[0], tuple(tuple(block) for block in loads(own[1])))
        if url.startswith("search.example?q="):
            return self._results(unquote_plus(url.partition("=")[2]))
        return WEB.get(url)

    def _results(self, words: str) -> Page:
        wanted = words.casefold().split()
        hits = [
            (url, page)
            for url, page in WEB.items()
            if all(
                w in f"{url} {page.title} {' '.join(b[1] for b in page.blocks)}".casefold() for w in wanted
            )
        ]
        links = tuple(("a", page.title, url) for url, page in hits) or (("p", "No results."),)
        return Page(f"{words} - Search", (("h", f"Results for {words}"), *links))

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """VIEW opens an address."""
        if data:
            self.go(data.removeprefix("https://").removeprefix("http://").rstrip("/"))

    def go(self, words: str) -> None:
        """Open an address, or search for words."""
        url = words.strip().removeprefix("https://").removeprefix("http://").rstrip("/").lower()
        known = url in WEB or self.one("SELECT 1 FROM pages WHERE url = ?", url) is not None
        if not known and not url.startswith("search.example?q="):
            url = f"search.example?q={quote_plus(words.strip())}"
        page = self.page_at(url)
        self.open("page", {"url": url}, url=url)
        if page is not None and self.os.online:
            self.run(
                "INSERT INTO history (url, title, at) VALUES (?, ?, ?)", url, page.title, self.now.isoformat()
            )

    def screen_home(self, ui: Kit, screen: Screen) -> View:
        """A new tab."""
        marks = self.rows("SELECT * FROM bookmarks ORDER BY title")
        body = [
            ui.header("Bookmarks"),
            *(
                ui.row(m["title"], m["url"], icon="bookmark", on_tap=lambda m=m: self.go(m["url"]))
                for m in marks
            ),
            ui.header("Suggested"),
            ui.row("Start page", "home.example", icon="globe", on_tap=lambda: self.go("home.example")),
        ]
        return ui.page(body, bar=self._bar(ui, screen, ""))

    def _bar(self, ui: Kit, screen: Screen, url: str) -> View:
        screen.fields.setdefault("url", url)
        field = ui.field(
            "url",
            "Search or type web address",
            width=ui.width - 48 - 252 - 60,
            id="url_bar",
            on_enter=lambda: self.go(screen.fields.get("url", "")),
            outline=True,
            size=40,
        )
        home = ui.icon_button("home", "Home", self.to_home)
        more = ui.icon_button("more", "More options", lambda: self.ask("more"))
        return ui.line([home, field, more], width=ui.width, pad=24, spread=True, height=180)

    def dialog_more(self, ui: Kit, screen: Screen) -> View:
        """The browser's menu."""
        url = str(screen.args.get("url", ""))
        marked = url and self.one("SELECT 1 FROM bookmarks WHERE url = ?", url) is not None
        choices = [("History", self.then(lambda: self.open("history"))), ("New tab", self.to_home)]
        if url:
            word = "Remove bookmark" if marked else "Bookmark"
            choices = [
                (word, self.then(lambda: self._mark(url, not marked))),
                ("Reload", self.dismiss),
                *choices,
            ]
        return ui.menu(choices)

    def _mark(self, url: str, on: bool) -> None:
        page = self.page_at(url)
        if on and page is not None:
            self.run("INSERT OR REPLACE INTO bookmarks VALUES (?, ?)", url, page.title)
            self.toast("Bookmarked")
        else:
            self.run("DELETE FROM bookmarks WHERE url = ?", url)

    def screen_history(self, ui: Kit, screen: Screen) -> View:
        """What was visited."""
        rows = self.rows("SELECT * FROM history ORDER BY id DESC")
        listed = [
            ui.row(
                r["title"],
                r["url"],
                on_tap=lambda r=r: self.go(r["url"]),
                trail=ui.icon_button(
                    "close",
                    f"Remove {r['title']}",
                    lambda r=r: self.run("DELETE FROM history WHERE id = ?", r["id"]),
                ),
            )
            for r in rows
        ]
        clear = ui.icon_button(
            "delete",
            "Clear browsing data",
            lambda: self.confirm(
                "Clear history?", "All visited pages are removed from the list.", "Clear", self.clear
            ),
        )
        return ui.page(
            listed or [ui.empty("No history")],
            bar=ui.bar("History", back=self.back, actions=[clear]),
            recycler=True,
        )

    def clear(self) -> None:
        """Forget the history."""
        self.run("DELETE FROM history")

    def screen_page(self, ui: Kit, screen: Screen) -> View:
        """A page in its WebView."""
        url = str(screen.args["url"])
        bar = self._bar(ui, screen, url)
        if not self.os.online:
            retry = ui.inset(ui.button("Reload", lambda: None, filled=True), top=40)
            return ui.page([ui.empty("You are offline.", "cloud"), retry], bar=bar)
        page = self.page_at(url) or Page("Not found", (("h", "This page is not available."),))
        blocks = [self._block(ui, screen, url, block) for block in page.blocks]
        content = ui.scroll(blocks, ui.room - bar.height, key="web")
        content.class_name, content.description = "android.webkit.WebView", page.title
        for view in content.walk():
            view.web = True
        return ui.page(content, bar=bar)

    def _block(self, ui: Kit, screen: Screen, url: str, block: tuple[str, ...]) -> View:
        kind, words, *rest = block
        wide = ui.width - 96
        if kind == "h":
            view = ui.text(words, size=58, bold=True, width=wide, heading=True)
        elif kind == "a":
            view = ui.text(words, width=wide, color="#1A57C2")
            view.class_name, view.on_tap, view.clickable, view.focusable = (
                "android.view.View",
                lambda: self.go(rest[0]),
                True,
                True,
            )
        elif kind == "field":
            view = ui.field(f"form:{words}", rest[0], width=wide, id=words)
        elif kind == "submit":
            view = ui.button(words, lambda: self._submit(screen, url, rest[0]), filled=True)
        else:
            view = ui.text(words, width=wide)
        return ui.inset(view, top=18, bottom=18)

    def _submit(self, screen: Screen, url: str, target: str) -> None:
        from json import dumps

        fields = {
            k.removeprefix("form:"): v
            for k, v in sorted(screen.fields.items())
            if k.startswith("form:") and v
        }
        if not fields:
            self.toast("Please fill in the form.")
            return
        self.run(
            "INSERT INTO submissions (url, fields) VALUES (?, ?)", url, dumps(fields, ensure_ascii=False)
        )
        self.go(target)
