"""Tasks in the browser."""

from __future__ import annotations

from json import loads
from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Target, answer, do, fill, go, read
from ..template import Params, Template
from ._apps import flow, pick, rows, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

SITES = {"Daily Herald": "herald.example", "City Library": "library.example", "Recipes": "recipes.example"}
BOOKS = ("Middlemarch", "The Waves", "Kokoro", "Beloved")
RUNNERS = {"first": "Lena Okafor", "second": "Marta Silva", "third": "Ji-woo Han"}
INGREDIENTS = {"red lentils": "250 g", "carrots": "3", "cumin": "2 tsp"}
PLACES = ("Ashford", "Kirkby", "Port Ellis", "Marston")


def submissions(android: VirtualAndroid) -> list[tuple[str, dict[str, Any]]]:
    """(page, fields) of the forms that were sent."""
    return [
        (url, loads(fields)) for url, fields in rows(android, "Chrome", "SELECT url, fields FROM submissions")
    ]


def bookmarks(android: VirtualAndroid) -> list[str]:
    """Addresses with a bookmark."""
    return [url for (url,) in rows(android, "Chrome", "SELECT url FROM bookmarks ORDER BY url")]


def _book(rng: Random) -> Params:
    return {"title": pick(rng, BOOKS), "card": str(rng.randrange(100000, 999999))}


def _trip(rng: Random) -> Params:
    start, end = rng.sample(PLACES, 2)
    return {"start": start, "end": end}


def _marked(android: VirtualAndroid, p: Params, said: str) -> bool:
    return bookmarks(android) == sorted(["weather.example", SITES[p["site"]]])


START = go("Start page", role="item", contains=True)


TEMPLATES: list[Template] = [
    Template(
        name="BrowserWeather",
        apps=("Chrome",),
        difficulty="easy",
        max_steps=60,
        draw=lambda rng: {"day": pick(rng, ("Friday", "Sunday"))},
        goal="What temperature does weather.example forecast for {day}? Use Chrome.",
        success=lambda a, p, said: says(said, {"Friday": "14", "Sunday": "12"}[p["day"]]),
        oracle=lambda p: [
            flow("Chrome", go("Weather", contains=True), read("t", p["day"], r": (\d+)", contains=True)),
            answer(lambda m: m["t"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="BrowserMarathon",
        apps=("Chrome",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"place": pick(rng, RUNNERS)},
        goal="Who came {place} in the marathon, according to the Daily Herald (herald.example)?",
        success=lambda a, p, said: says(said, RUNNERS[p["place"]]),
        oracle=lambda p: [
            flow(
                "Chrome",
                START,
                go("Daily Herald"),
                go("Marathon results"),
                read("who", RUNNERS[p["place"]], r"\d\. ([^\d]+) \d", contains=True),
            ),
            answer(lambda m: m["who"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="BrowserRecipe",
        apps=("Chrome",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"what": pick(rng, INGREDIENTS)},
        goal="How much or how many {what} does the lentil soup on recipes.example need?",
        success=lambda a, p, said: says(said, INGREDIENTS[p["what"]]),
        oracle=lambda p: [
            flow(
                "Chrome",
                START,
                go("Recipes"),
                go("Lentil soup"),
                read("n", p["what"], rf"(?i){p['what']} (.+?)\s*$", contains=True, role="text"),
            ),
            answer(lambda m: m["n"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="BrowserBookmark",
        apps=("Chrome",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"site": pick(rng, SITES)},
        goal="Bookmark the {site} page in Chrome (the start page has a link to it).",
        success=_marked,
        oracle=lambda p: [
            flow(
                "Chrome",
                START,
                go(p["site"]),
                go("More options", when=Target(id="url_bar", text=SITES[p["site"]])),
                do("Bookmark", role="item"),
            )
        ],
        tags=("data_edit",),
    ),
    Template(
        name="BrowserRemoveBookmark",
        apps=("Chrome",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {},
        goal="Remove the bookmark for the weather page in Chrome.",
        success=lambda a, p, said: bookmarks(a) == [],
        oracle=lambda p: [
            flow(
                "Chrome",
                go("Weather", contains=True, role="item"),
                go("More options", when=Target(id="url_bar", text="weather.example")),
                do("Remove bookmark", role="item"),
            )
        ],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="BrowserClearHistory",
        apps=("Chrome",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {},
        goal="Clear the browsing history in Chrome.",
        success=lambda a, p, said: (
            rows(a, "Chrome", "SELECT 1 FROM history") == [] and bookmarks(a) == ["weather.example"]
        ),
        oracle=lambda p: [
            flow(
                "Chrome",
                go("More options"),
                go("History", role="item"),
                go("Clear browsing data"),
                do("Clear", role="button", until=Target("No history")),
            )
        ],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="BrowserRenewBook",
        apps=("Chrome",),
        difficulty="hard",
        max_steps=50,
        draw=_book,
        goal="Renew my library book “{title}” on library.example. My card number is {card}.",
        success=lambda a, p, said: (
            submissions(a) == [("library.example/renew", {"card": p["card"], "title": p["title"]})]
        ),
        oracle=lambda p: [
            flow(
                "Chrome",
                START,
                go("City Library"),
                go("Renew a book"),
                fill(id="card", text=p["card"]),
                fill(id="title", text=p["title"]),
                do("Renew", role="button", until=Target("Renewed", contains=True)),
            )
        ],
        approves=frozenset({"send", "login", "account"}),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="BrowserCheapestTrain",
        apps=("Chrome",),
        difficulty="hard",
        max_steps=50,
        draw=_trip,
        goal="On rail.example, look up trains from {start} to {end}. At what time does the cheapest one leave?",
        success=lambda a, p, said: (
            says(said, "09:40") and submissions(a) == [("rail.example", {"from": p["start"], "to": p["end"]})]
        ),
        oracle=lambda p: [
            flow(
                "Chrome",
                START,
                go("Rail tickets"),
                fill(id="from", text=p["start"]),
                fill(id="to", text=p["end"]),
                go("Find trains", role="button"),
                read("time", "21.50", r"(\d\d:\d\d)", contains=True),
            ),
            answer(lambda m: m["time"]),
        ],
        tags=("information_retrieval", "data_entry"),
    ),
]
