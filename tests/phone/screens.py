"""Page sources by the rules of each dialect, as servers and tools write them, of screens made up for the tests."""

from __future__ import annotations


def view(class_name: str, bounds: str, *children: str, tag: str = "", **attributes: str) -> str:
    """One node as UiAutomator2 writes it: the tag is the class with $ as a dot; a_name becomes a-name."""
    named = {"class": class_name, "bounds": bounds} | {k.replace("_", "-"): v for k, v in attributes.items()}
    text = " ".join(f'{name}="{value}"' for name, value in named.items())
    tag = tag or class_name.replace("$", ".")
    return f"<{tag} {text}>{''.join(children)}</{tag}>"


def page(*nodes: str, rotation: int = 0, width: int = 1080, height: int = 2400) -> str:
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    root = f'<hierarchy index="0" class="hierarchy" rotation="{rotation}" width="{width}" height="{height}">'
    return f"{head}{root}{''.join(nodes)}</hierarchy>"


FRAME = "android.widget.FrameLayout"
LINE = "android.widget.LinearLayout"
TEXT = "android.widget.TextView"
SWITCH = "android.widget.Switch"
IMAGE = "android.widget.ImageView"
BUTTON = "android.widget.Button"
FIELD = "android.widget.EditText"
LIST = "androidx.recyclerview.widget.RecyclerView"
PLAIN = "android.view.View"


def row(top: int, title: str, *more: str, **attributes: str) -> str:
    """A row of settings: clickable, itself without words."""
    low = top + 160
    return view(
        LINE, f"[0,{top}][1080,{low}]", view(TEXT, f"[60,{top + 30}][700,{top + 90}]", text=title), *more,
        text="", clickable="true", package="com.android.settings", **attributes,
    )  # fmt: skip


def toggle(top: int, checked: str, **attributes: str) -> str:
    bounds = f"[900,{top + 40}][1040,{top + 120}]"
    return view(SWITCH, bounds, text="", checkable="true", checked=checked, **attributes)


# The newest attribute set (server 10.6), with null rules: content-desc and the like are absent where Android has null.
NEWEST = page(
    view(
        FRAME, "[0,0][1080,2400]",
        view(
            "android.widget.ImageButton", "[0,84][147,231]", text="", package="com.android.settings", clickable="true",
            content_desc="Navigate up", displayed="true", a11y_important="true", drawing_order="1",
            showing_hint="false", window_id="3",
        ),
        view(
            LIST, "[0,231][1080,2400]",
            row(231, "Network &amp; internet", toggle(231, "true"), displayed="true", drawing_order="1"),
            row(391, "蓝牙", toggle(391, "false", clickable="true"), displayed="true", drawing_order="2"),
            row(551, "알림 🔔", displayed="true", drawing_order="3"),
            scrollable="true", text="", is_collection="true", drawing_order="2",
        ),
        index="0", package="com.android.settings", text="", displayed="true", drawing_order="0",
    ),
    '<android.widget.Toast index="1" package="com.android.settings" class="android.widget.Toast" text="Saved" '
    'displayed="true" />',
)  # fmt: skip

# Servers that stop at `displayed`.
OLDER = page(
    view(
        FRAME, "[0,0][720,1184]",
        view("android.widget.ListView$Row", "[0,50][720,146]", text="Foo$Bar row", index="0", checkable="false",
             clickable="true", selected="false", displayed="true"),
        view(FIELD, "[0,146][720,242]", text="192.168.0.1", index="1", focused="true", focusable="true",
             clickable="true", password="false", displayed="true", resource_id="org.example:id/address"),
        view(TEXT, "[0,242][720,300]", text="not shown", displayed="false"),
        index="0", package="org.example", text="", displayed="true",
    ),
    width=720, height=1184,
)  # fmt: skip

# A WebView: hint and tooltip-text are "", resource ids have no package, links are plain views.
WEB = page(
    view(
        "android.webkit.WebView", "[0,210][1080,2000]",
        view(PLAIN, "[40,300][600,360]", text="More information", content_desc="More information", clickable="true",
             hint="", tooltip_text="", resource_id="more", drawing_order="0"),
        view(FIELD, "[40,400][1040,500]", text="", hint="", tooltip_text="", resource_id="q", clickable="true",
             focusable="true", input_type="1", drawing_order="0"),
        view(BUTTON, "[40,520][300,620]", text="Search", hint="", tooltip_text="", clickable="true", drawing_order="0"),
        package="com.android.chrome", text="Example Domain", hint="", tooltip_text="", focusable="true",
    ),
)  # fmt: skip

DUMP = (
    "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"1\">"
    '<node index="0" text="" resource-id="" class="android.widget.FrameLayout" package="org.example" content-desc="" '
    'checkable="false" checked="false" clickable="false" enabled="true" focusable="false" focused="false" '
    'scrollable="false" long-clickable="false" password="false" selected="false" bounds="[0,0][2400,1080]">'
    '<node NAF="true" index="0" text="" resource-id="org.example:id/fab" class="android.widget.ImageButton" '
    'package="org.example" content-desc="" checkable="false" checked="false" clickable="true" enabled="true" '
    'focusable="true" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" '
    'bounds="[2200,900][2350,1050]" />'
    '<node index="1" text="" resource-id="org.example:id/pin" class="android.widget.EditText" package="org.example" '
    'content-desc="PIN" checkable="false" checked="false" clickable="true" enabled="false" focusable="true" '
    'focused="false" scrollable="false" long-clickable="true" password="true" selected="false" '
    'bounds="[100,100][900,220]" /></node></hierarchy>UI hierchary dumped to: /dev/tty\n'
)
