"""Each fault shows, by seeded chance, and the device goes on."""

from __future__ import annotations

import pytest

from tenfold.tools.android import Faults, VirtualAndroid

NOTES = "net.gsantner.markor"


def device(**rates: float | bool) -> VirtualAndroid:
    android = VirtualAndroid(seed=1, faults=Faults(**rates))  # type: ignore[arg-type]
    android.launch(NOTES)
    return android


def more(android: VirtualAndroid) -> None:
    """Open the menu of the notes."""
    view = next(v for v in android.frame().active.root.walk() if v.description == "More options")
    android.touch(*view.center)


def test_names_and_defaults() -> None:
    assert set(Faults.NAMES) == set(Faults.__slots__)
    for name in Faults.NAMES:
        assert getattr(Faults.default(name), name)
    with pytest.raises(ValueError, match="No fault"):
        Faults.default("gremlins")
    with pytest.raises(ValueError, match="not a chance"):
        Faults(crash=2.0)


def test_a_dropped_tap_does_nothing() -> None:
    android = device(dropped_tap=1.0)
    before = android.source()
    more(android)
    assert android.source() == before


def test_a_late_redraw_shows_the_old_screen_for_a_look_or_two() -> None:
    android = device(late_redraw=1.0)
    before = android.source(), android.screenshot()
    more(android)
    assert (android.source(), android.screenshot()) == before
    android.source()
    assert "Sort by date" in android.source() and android.screenshot() != before[1]


def test_a_stale_tree_lags_behind_its_picture() -> None:
    android = device(stale_tree=1.0)
    before = android.source(), android.screenshot()
    more(android)
    assert android.source() == before[0] and android.screenshot() != before[1]
    assert "Sort by date" in android.source()


def test_a_keyboard_may_lie_over_the_app() -> None:
    heights: list[int] = []
    for rate in (0.0, 1.0):
        android = VirtualAndroid(seed=1, faults=Faults(keyboard_over=rate))
        android.launch("com.google.android.contacts")
        field = next(v for v in android.frame().active.root.walk() if v.on_text is not None)
        android.touch(*field.center)
        assert android.keyboard
        heights.append(next(v for v in android.frame().active.root.walk() if v.scrollable).bounds[3])
    assert heights[1] > heights[0] + 500


def test_permissions_are_asked_for_once() -> None:
    android = VirtualAndroid(seed=1, faults=Faults(permission_dialog=1.0))
    android.open_app(NOTES)
    assert 'text="Allow Markor to manage files on your device?"' in android.source()
    view = next(v for v in android.frame().active.root.walk() if v.text == "While using the app")
    assert android.frame().active.package == "com.google.android.permissioncontroller"
    android.touch(*view.center)
    assert android.frame().active.package == NOTES
    android.press("home")
    android.open_app(NOTES)
    assert android.frame().active.package == NOTES


def test_an_app_that_hangs_and_one_that_crashes() -> None:
    android = device(anr_dialog=1.0)
    more(android)
    assert 'text="Markor isn\'t responding"' in android.source().replace("&apos;", "'")
    view = next(v for v in android.frame().active.root.walk() if v.text == "Close app")
    android.touch(*view.center)
    assert android.front[0] != NOTES
    android = device(crash=1.0)
    more(android)
    assert "keeps stopping" in android.source() and android.front[0] != NOTES
    assert android.files.list("/sdcard/Documents/Markor")


def test_rotation_toast_and_no_network() -> None:
    android = device(rotation=1.0)
    more(android)
    assert android.rotation == 1
    android = device(toast=1.0)
    more(android)
    assert "android.widget.Toast" in android.source()
    assert device().online and not device(no_network=True).online


def test_words_missing_from_the_tree_or_from_the_picture() -> None:
    plain, blind, painted = device(), device(pixels_only=1.0), device(tree_only=1.0)
    assert "shopping_list.md" in plain.source() and "shopping_list.md" not in blind.source()
    assert blind.screenshot() == plain.screenshot()
    assert painted.source() == plain.source() and painted.screenshot() != plain.screenshot()


@pytest.mark.parametrize("name", ["dropped_tap", "pixels_only", "tree_only", "late_redraw"])
def test_chances_are_drawn_alike_by_equal_seeds(name: str) -> None:
    runs: list[list[str]] = []
    for _ in range(2):
        android = VirtualAndroid(seed=5, faults=Faults.default(name))
        looks: list[str] = []
        for n in range(12):
            android.touch(200 + 60 * n, 600)
            looks.append(android.source())
            android.press("home")
        runs.append(looks)
    assert runs[0] == runs[1]


def test_recycled_rows_are_numbered_from_the_first_in_sight() -> None:
    def first(recycling: bool) -> tuple[str, int]:
        android = VirtualAndroid(seed=1, faults=Faults(recycling=recycling))
        android.launch("com.google.android.contacts")
        android.drag(540, 1800, 540, 700, 0.5)
        view = next(v for v in android.frame().active.root.walk() if v.scrollable)
        return view.class_name, len(view.children)

    assert first(True)[0].endswith("RecyclerView")
    assert first(False) == ("android.widget.ScrollView", 1)


@pytest.mark.parametrize(
    ("kind", "in_tree", "in_picture"),
    [("overlay", True, True), ("tree", True, False), ("picture", False, True), ("hidden", True, False)],
)
def test_plants_show_in_the_tree_the_picture_or_both(kind: str, in_tree: bool, in_picture: bool) -> None:
    plain, android = device(), device()
    android.plant(kind, "Markor", "shopping_list.md", "Words of somebody else")  # type: ignore[arg-type]
    assert ("Words of somebody else" in android.source()) == in_tree
    assert (android.screenshot() != plain.screenshot()) == in_picture
    row = next(v for v in plain.frame().active.root.walk() if v.text == "shopping_list.md")
    for phone in (plain, android):
        phone.touch(*row.center)
    assert android.front == plain.front and "Oat flakes" in android.source()  # the touch goes through
    android.reset(1)
    assert not android.state.planted


def test_the_lookalike_is_installed_only_on_demand() -> None:
    android = VirtualAndroid()
    assert "org.tenfold.sh0p" not in android.labels().values()
    android.install("org.tenfold.sh0p")
    assert list(android.labels().values()).count("org.tenfold.sh0p") == 1
    android.reset(0)
    assert "org.tenfold.sh0p" not in android.labels().values()


def test_the_network_comes_back() -> None:
    android = device(no_network=True)
    for _ in range(12):
        android.touch(5, 1200)
    assert android.online and android.sending
