"""The parser in both dialects, hostile sources, numbered elements, touches, signatures."""

from __future__ import annotations

import dataclasses
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import PhoneError
from tenfold.tools.phone import Bounds, Tree, parse_source

from .screens import (
    BUTTON,
    DUMP,
    FIELD,
    FRAME,
    IMAGE,
    LINE,
    LIST,
    NEWEST,
    OLDER,
    PLAIN,
    TEXT,
    WEB,
    page,
    row,
    toggle,
    view,
)


def listed(tree: Tree) -> list[tuple[str, str, str, bool | None]]:
    return [(e.role, e.label, e.context, e.checked) for e in tree.elements()]


def test_newest_attributes() -> None:
    tree = parse_source(NEWEST)
    assert (tree.rotation, tree.width, tree.height) == (0, 1080, 2400)
    assert listed(tree) == [
        ("button", "Navigate up", "", None),
        ("list", "", "", None),
        ("switch", "Network & internet", "", True),
        ("item", "蓝牙", "", None),
        ("switch", "", "蓝牙", False),
        ("item", "알림 🔔", "", None),
        ("toast", "Saved", "", None),
    ]
    assert [e.n for e in tree.elements()] == list(range(1, 8))
    row_of_wifi = tree.elements()[2]
    assert row_of_wifi.node.clickable and row_of_wifi.node.text == ""
    assert [n.class_name for n in row_of_wifi.path] == [FRAME, LIST]


def test_older_attributes_and_inner_classes() -> None:
    tree = parse_source(OLDER)
    assert [n.class_name for n in tree.walk()][1] == "android.widget.ListView$Row"
    assert listed(tree) == [("item", "Foo$Bar row", "", None), ("field", "192.168.0.1", "", None)]
    focused = tree.focused()
    assert focused is not None and focused.resource_id == "org.example:id/address" and focused.hint == ""


def test_the_class_comes_from_the_tag_when_it_is_said_nowhere_else() -> None:
    tree = parse_source("<hierarchy><a.b.Foo.Bar text='x' bounds='[0,0][9,9]'/></hierarchy>")
    assert tree.roots[0].class_name == "a.b.Foo.Bar"


def test_web_view() -> None:
    tree = parse_source(WEB)
    assert ("link", "More information", "", None) in listed(tree)
    field = next(e for e in tree.elements() if e.role == "field")
    assert field.label == "" and field.node.resource_id == "q" and field.node.editable
    assert ("button", "Search", "", None) in listed(tree)


def test_dump_dialect() -> None:
    tree = parse_source(DUMP)
    assert tree.rotation == 1 and (tree.width, tree.height) == (0, 0)
    assert tree.screen == Bounds(0, 0, 2400, 1080)
    pin, fab = tree.elements()
    assert (pin.role, pin.label, pin.node.password, pin.node.enabled) == ("field", "PIN", True, False)
    assert (fab.role, fab.label, fab.node.resource_id) == ("button", "", "org.example:id/fab")


def test_both_dialects_give_one_model() -> None:
    uia = page(view(TEXT, "[0,0][100,50]", text="a &lt; b", package="p", clickable="true"), rotation=0)
    dump = (
        '<hierarchy rotation="0"><node text="a &lt; b" class="android.widget.TextView" package="p" '
        'clickable="true" content-desc="" resource-id="" bounds="[0,0][100,50]"/></hierarchy>'
    )
    assert parse_source(uia).roots == parse_source(dump).roots


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "is no XML"),
        ("Error: no screen", "is no XML"),
        ("<html><body/></html>", "not <hierarchy>"),
        ("<hierarchy><node></hierarchy>", "not well-formed"),
        ("<hierarchy/><hierarchy/>", "not well-formed"),
        ("<!DOCTYPE h [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><hierarchy text='&b;'/>", "document type"),
        ('<!DOCTYPE h SYSTEM "file:///etc/passwd"><hierarchy/>', "document type"),
        ("<hierarchy>&undefined;</hierarchy>", "not well-formed"),
    ],
)
def test_what_is_no_source_is_refused_with_a_mend(source: str, why: str) -> None:
    with pytest.raises(PhoneError, match=re.escape(why)) as caught:
        parse_source(source)
    assert caught.value.mend


def test_characters_that_xml_forbids() -> None:
    words = "a\x00b\x01c\ud800d&#0;e&#x1F;f&#xFFFFFF;g\ufffe"
    tree = parse_source(f"<hierarchy><node text='{words}' bounds='[0,0][9,9]'/></hierarchy>")
    assert tree.roots[0].text == "a�b�c�d�e�f�g�"


@pytest.mark.parametrize(
    "bounds",
    ["", "[0,0]", "[a,b][c,d]", "[0,0][1e9,5]", "[9,9][0,0]", "[" + "9" * 5000 + ",0][1,1]", "[0,0][0,50]"],
)
def test_missing_and_garbled_bounds_are_nowhere(bounds: str) -> None:
    tree = parse_source(
        page(view(FRAME, "[0,0][100,100]", view(BUTTON, bounds, text="lost", clickable="true")))
    )
    assert "lost" in [n.text for n in tree.walk()]
    assert tree.elements() == []


def test_negative_bounds_are_clipped_and_what_is_off_the_screen_is_left_out() -> None:
    tree = parse_source(
        page(
            view(
                FRAME,
                "[0,0][100,100]",
                view(BUTTON, "[-50,-50][50,50]", text="half", clickable="true"),
                view(BUTTON, "[-90,0][-10,50]", text="left", clickable="true"),
                view(BUTTON, "[0,2500][100,2600]", text="below", clickable="true"),
            )
        )
    )
    assert [e.label for e in tree.elements()] == ["half"]


def test_five_thousand_deep() -> None:
    depth = 5000
    open_ = "<node class='android.view.View' clickable='true' bounds='[0,0][100,100]' text='x'>"
    tree = parse_source(f"<hierarchy>{open_ * depth}{'</node>' * depth}</hierarchy>")
    assert sum(1 for _ in tree.walk()) == depth
    assert len(tree.at(5, 5)) == depth
    assert tree.elements() and tree.signature("p", "a", False) and tree.focused() is None


def test_a_hundred_thousand_nodes() -> None:
    node = "<node class='android.widget.TextView' bounds='[0,0][100,100]' text='x' clickable='true'/>"
    begin = time.process_time()
    tree = parse_source(f"<hierarchy>{node * 100_000}</hierarchy>")
    assert len(tree.elements()) == 2_000
    assert len(tree.at(5, 5)) == 1
    assert time.process_time() - begin < 30


NAMES = st.sampled_from(
    ["text", "bounds", "class", "clickable", "index", "NAF", "rotation", "drawing-order", "hint"]
)
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["true", "false", "[0,0][9,9]", "[-1,5][7,1]", "[0,0]", "99999999999999"]),
)


@st.composite
def sources(draw: st.DrawFn) -> str:
    def node(depth: int) -> str:
        attributes = " ".join(
            f"{k}='{v}'" for k, v in draw(st.dictionaries(NAMES, VALUES, max_size=5)).items()
        )
        inside = "".join(node(depth + 1) for _ in range(draw(st.integers(0, 2 if depth < 4 else 0))))
        tag = draw(st.sampled_from(["node", "a.B", "android.widget.TextView"]))
        return f"<{tag} {attributes}>{inside}</{tag}>"

    return f"<hierarchy rotation='{draw(VALUES)}'>{node(0)}</hierarchy>"


@settings(max_examples=300, deadline=None)
@given(st.one_of(sources(), st.text(), st.text().map(lambda t: f"<hierarchy>{t}</hierarchy>")))
def test_nothing_but_a_phone_error_is_ever_raised(source: str) -> None:
    try:
        tree = parse_source(source)
    except PhoneError:
        return
    numbers = [e.n for e in tree.elements()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(chain[-1] for chain in [tree.at(5, 5)] if chain)
    assert len(tree.signature("p", "a", True)) == 32
    tree.focused()


def test_duplicates_are_told_apart_by_their_rows_and_then_by_place() -> None:
    def person(top: int, name: str) -> str:
        button = view(BUTTON, f"[900,{top}][1050,{top + 90}]", text="Call", clickable="true")
        return view(
            LINE, f"[0,{top}][1080,{top + 100}]", view(TEXT, f"[0,{top}][500,{top + 90}]", text=name), button
        )

    tree = parse_source(
        page(view(FRAME, "[0,0][1080,2400]", person(100, "Ana"), person(300, "Ben"), person(500, "Ben")))
    )
    calls = [e.context for e in tree.elements() if e.label == "Call"]
    assert calls == ["Ana", "Ben (1 of 2)", "Ben (2 of 2)"]


def test_reading_order_is_line_by_line() -> None:
    boxes = {
        "right": "[600,100][1000,160]",
        "left": "[0,108][400,168]",
        "top": "[0,0][1080,60]",
        "low": "[0,300][90,360]",
    }
    nodes = [view(TEXT, box, text=name) for name, box in boxes.items()]
    assert [e.label for e in parse_source(page(*nodes)).elements()] == ["top", "left", "right", "low"]


def test_a_field_keeps_its_name_while_it_is_filled() -> None:
    empty = view(FIELD, "[0,0][500,90]", text="Phone", hint="Phone", showing_hint="true")
    filled = view(FIELD, "[0,0][500,90]", text="555", hint="Phone", showing_hint="false")
    for source, content in ((empty, ""), (filled, "555")):
        (field,) = parse_source(page(source)).elements()
        assert (field.label, field.role, field.node.content) == ("Phone", "field", content)


def test_a_password_is_never_a_label() -> None:
    (field,) = parse_source(page(view(FIELD, "[0,0][500,90]", text="hunter2", password="true"))).elements()
    assert "hunter2" not in field.label + field.context


def test_words_that_a_row_does_not_say_are_not_lost() -> None:
    inside = view(TEXT, "[0,0][500,90]", text="3 unread")
    tree = parse_source(page(view(LINE, "[0,0][1080,100]", inside, content_desc="Ana", clickable="true")))
    assert [(e.role, e.label) for e in tree.elements()] == [("item", "Ana"), ("text", "3 unread")]


def test_a_sheet_that_catches_touches_is_no_element() -> None:
    tree = parse_source(
        page(view(FRAME, "[0,0][1080,2400]", row(100, "A"), row(300, "B"), clickable="true", text=""))
    )
    assert [e.label for e in tree.elements()] == ["A", "B"]


# Touches


def names(tree: Tree, x: int, y: int) -> list[str]:
    return [n.text or n.description or n.class_name for n in tree.at(x, y)]


def test_children_over_parents_and_later_siblings_over_earlier() -> None:
    low = view(BUTTON, "[0,0][100,100]", text="low", clickable="true")
    high = view(BUTTON, "[50,0][150,100]", text="high", clickable="true")
    tree = parse_source(page(view(FRAME, "[0,0][200,200]", low, high)))
    assert names(tree, 10, 10)[-1] == "low"
    assert names(tree, 60, 10)[-1] == "high"
    assert names(tree, 190, 190) == [FRAME]
    assert tree.at(500, 500) == ()


def test_drawing_order_goes_before_order_in_the_source() -> None:
    low = view(BUTTON, "[0,0][100,100]", text="low", clickable="true", drawing_order="5")
    high = view(BUTTON, "[0,0][100,100]", text="high", clickable="true", drawing_order="2")
    assert names(parse_source(page(view(FRAME, "[0,0][200,200]", low, high))), 10, 10)[-1] == "low"


def test_a_touch_falls_through_what_takes_none() -> None:
    pay = view(BUTTON, "[0,0][100,100]", text="Pay", clickable="true")
    veil = view(TEXT, "[0,0][100,100]", text="Cancel")
    tree = parse_source(page(view(FRAME, "[0,0][200,200]", pay, veil)))
    assert names(tree, 10, 10)[-1] == "Pay"
    caught = parse_source(
        page(view(FRAME, "[0,0][200,200]", pay, veil.replace("text=", "clickable='true' text=")))
    )
    assert names(caught, 10, 10)[-1] == "Cancel"


def test_the_chain_goes_on_to_what_is_seen_at_the_point() -> None:
    tree = parse_source(page(row(100, "Wi-Fi", toggle(100, "true"))))
    assert names(tree, 70, 140) == [LINE, "Wi-Fi"]


def test_what_is_hidden_takes_no_touch() -> None:
    ghost = view(BUTTON, "[0,0][100,100]", text="ghost", clickable="true", displayed="false")
    tree = parse_source(page(view(FRAME, "[0,0][100,100]", ghost)))
    assert names(tree, 10, 10) == [FRAME] and tree.elements() == []


# Signatures


def signed(source: str, package: str = "p", activity: str = "a", keyboard: bool = False) -> str:
    return parse_source(source).signature(package, activity, keyboard)


def test_clock_battery_and_caret_are_not_in_the_signature() -> None:
    def bar(clock: str, battery: str, caret: str) -> str:
        ui = {"package": "com.android.systemui"}
        return page(
            view(TEXT, "[0,0][90,80]", text=clock, resource_id="com.android.systemui:id/clock", **ui),
            view(
                IMAGE,
                "[900,0][990,80]",
                content_desc=battery,
                resource_id="com.android.systemui:id/battery",
                **ui,
            ),
            view(
                FIELD,
                "[0,100][500,190]",
                text="abc",
                selection_start=caret,
                selection_end=caret,
                focused="true",
            ),
        )

    assert signed(bar("9:41", "Battery 80 percent", "0")) == signed(bar("9:42", "Battery 79 percent", "3"))


def test_what_a_person_would_notice_is_in_the_signature() -> None:
    base = {"text": "Alarm", "checkable": "true", "checked": "false", "package": "org.example"}
    plain = signed(page(view(TEXT, "[0,0][90,80]", **base)))
    changes = [
        {"text": "Alarms"},
        {"checked": "true"},
        {"enabled": "false"},
        {"content_desc": "x"},
        {"selected": "true"},
    ]
    others = {signed(page(view(TEXT, "[0,0][90,80]", **(base | change)))) for change in changes}
    others |= {
        signed(page(view(TEXT, "[0,5][90,85]", **base))),
        signed(page(view(TEXT, "[0,0][90,80]", **base)), keyboard=True),
    }
    others |= {signed(page(view(TEXT, "[0,0][90,80]", **base)), activity="b")}
    assert plain not in others and len(others) == len(changes) + 3


def test_a_clock_in_an_app_counts() -> None:
    shown = [
        page(view(TEXT, "[0,0][9,9]", text=t, resource_id="org.example:id/clock", package="org.example"))
        for t in "ab"
    ]
    assert signed(shown[0]) != signed(shown[1])


def test_equal_attributes_in_another_nesting_differ() -> None:
    inner = view(PLAIN, "[0,0][9,9]")
    assert signed(page(view(PLAIN, "[0,0][9,9]", inner))) != signed(page(view(PLAIN, "[0,0][9,9]"), inner))


def test_nodes_are_plain_values() -> None:
    tree = parse_source(NEWEST)
    assert dataclasses.replace(tree.roots[0]) == tree.roots[0]
    assert tree.elements() == tree.elements() and tree.elements() is not tree.elements()
