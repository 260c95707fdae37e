"""A device through Appium's UiAutomator2 driver: emulators, phones, device clouds and the virtual Android alike."""

from __future__ import annotations

import io
import logging
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import MissingExtra, PhoneError
from .apps import LAUNCHABLE, labels, read_launchable, resolve
from .port import DeviceInfo, Feature, Key, Observation
from .source import parse_source

if TYPE_CHECKING:
    from .tree import Tree

log = logging.getLogger(__name__)

T = TypeVar("T")

KEYCODES: dict[Key, int] = {
    "back": 4, "home": 3, "menu": 82, "enter": 66, "delete": 67, "recents": 187, "power": 26, "volume_up": 24,
    "volume_down": 25, "tab": 61, "search": 84,
}  # fmt: skip

_SECURE_SIZE = 60_000  # bytes: a picture of one colour is smaller, a screen with something on it is not
_GONE = ("instrumentation process is not running", "socket hang up", "ECONNREFUSED", "ECONNRESET", "device offline",
         "not found in the list of connected devices", "device '")  # fmt: skip


class AppiumDevice:
    """A phone behind an Appium server.

    The session sets `waitForIdleTimeout`, turns window animations off and stays open while a person decides. A session
    that was lost is opened again once; what was under way then is not repeated if it may have reached the phone.

    Args:
        url: Of the Appium server, such as http://127.0.0.1:4723.
        serial: Which device, as adb names it; "" takes the only one.
        capabilities: More capabilities, such as a cloud's; they win over ours.
        shell: Allow `shell`; the server must run with --allow-insecure=uiautomator2:adb_shell.
        idle_ms: How long the server waits on a moving screen before it looks or acts.
        timeout_s: Of one call, the start of a session included.

    Raises:
        PhoneError: No server, no device, or the session is refused.
        MissingExtra: The client is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        serial: str = "",
        capabilities: Mapping[str, Any] | None = None,
        shell: bool = False,
        idle_ms: int = 200,
        timeout_s: int = 180,
    ) -> None:
        self.features: frozenset[Feature] = frozenset(
            ("screenshot", "tree", "shell") if shell else ("screenshot", "tree")
        )
        self.url = url
        self._serial = serial
        self._extra = dict(capabilities or {})
        self._idle_ms = idle_ms
        self._timeout_s = timeout_s
        self._driver: Any = None
        self._ime = ""
        self._ime_risked = False
        self._closed = False
        self._open()

    # The session

    def _open(self) -> None:
        try:
            from appium.options.android import UiAutomator2Options
            from appium.webdriver.client_config import AppiumClientConfig
            from appium.webdriver.webdriver import WebDriver
        except ImportError:
            raise MissingExtra("Driving a phone through Appium", "phone") from None
        options = UiAutomator2Options()
        options.load_capabilities(
            {
                "platformName": "Android",
                "appium:automationName": "UiAutomator2",
                "appium:disableWindowAnimation": True,
                "appium:newCommandTimeout": 7 * 24 * 3600,  # as long as a person may take to approve
                "appium:noReset": True,
                **({"appium:udid": self._serial} if self._serial else {}),
                **self._extra,
            }
        )
        config = AppiumClientConfig(self.url, timeout=self._timeout_s)
        try:
            driver: Any = WebDriver(options=options, client_config=config)
        except Exception as error:
            raise self._refusal("opens no session", error) from error
        self._driver = driver
        for name, method, path in (
            ("tenfoldImeActive", "GET", "/session/$sessionId/ime/active_engine"),
            ("tenfoldImeActivate", "POST", "/session/$sessionId/ime/activate"),
        ):
            driver.command_executor.add_command(name, method, path)
        self._call(lambda: driver.update_settings({"waitForIdleTimeout": self._idle_ms}))
        if not self._ime:  # after a lost session, what is to be restored is what was there at first
            self._ime = str(self._call(lambda: driver.execute("tenfoldImeActive")["value"]) or "")

    def _session(self) -> Any:
        if self._closed:
            raise PhoneError(f"The device at {self.url} was closed.", mend="Open it again.")
        if self._driver is None:
            self._open()
        return self._driver

    def _do(self, act: Callable[[Any], T]) -> T:
        """Run a call in the session. One that the server no longer knows is opened again, and the call made in it."""
        from selenium.common.exceptions import InvalidSessionIdException

        driver = self._session()
        try:
            return act(driver)
        except InvalidSessionIdException:
            # Refused before anything was done: nothing can have reached the phone.
            log.info("the session at %s is lost; opening it again", self.url)
            self._driver = None
            self._open()
            return self._call(lambda: act(self._driver))
        except Exception as error:
            raise self._lost(error) from error

    def _call(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:
            raise self._lost(error) from error

    def _read(self, act: Callable[[Any], T]) -> T:
        """As `_do`, for what changes nothing: it is asked again once in a new session when the old one broke down."""
        try:
            return self._do(act)
        except PhoneError:
            if self._driver is not None:
                raise
            return self._do(act)

    def _lost(self, error: Exception) -> PhoneError:
        """The error to raise; forgets the session if it cannot be used any more."""
        if isinstance(error, PhoneError):
            return error
        from selenium.common.exceptions import InvalidSessionIdException, WebDriverException

        broken = not isinstance(error, WebDriverException) or isinstance(error, InvalidSessionIdException)
        if broken or any(sign in str(error) for sign in _GONE):
            self._driver = None
        return self._refusal("failed", error)

    def _refusal(self, what: str, error: Exception) -> PhoneError:
        from urllib3.exceptions import HTTPError

        name = self._serial or "the device"
        reason = str(getattr(error, "msg", None) or error).strip().partition("\n")[0][:300]
        if isinstance(error, HTTPError):
            return PhoneError(
                f"Appium at {self.url} does not answer for {name} ({type(error).__name__}).",
                mend="Start it with `appium` and try again; `tenfold phone doctor` finds what is missing.",
            )
        return PhoneError(
            f"Appium at {self.url} {what} for {name}: {reason}",
            mend="Look at the device and at Appium's log; `tenfold phone doctor` finds what is missing.",
        )

    def close(self) -> None:
        """End the session; puts the keyboard back. Animations come back with the end of the instrumentation."""
        if self._closed:
            return
        try:
            if self._driver is None and self._ime_risked:
                self._open()
            if self._driver is not None:
                self._restore_ime(self._driver)
        except Exception as error:
            log.warning("the keyboard of %s was not put back: %s", self._serial or self.url, error)
        finally:
            self._closed = True
            driver, self._driver = self._driver, None
            if driver is not None:
                try:
                    driver.quit()
                except Exception as error:
                    log.warning("the session at %s did not end: %s", self.url, error)

    def _restore_ime(self, driver: Any) -> None:
        if self._ime and driver.execute("tenfoldImeActive")["value"] != self._ime:
            driver.execute("tenfoldImeActivate", {"engine": self._ime})

    def __enter__(self) -> AppiumDevice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Looking

    def info(self) -> DeviceInfo:
        """What it is, as the session's capabilities say."""
        caps: dict[str, Any] = self._session().capabilities
        width, height = _size(str(caps.get("deviceScreenSize") or ""))
        return DeviceInfo(
            serial=str(caps.get("deviceUDID") or self._serial),
            model=str(caps.get("deviceModel") or ""),
            release=str(caps.get("platformVersion") or ""),
            sdk=int(caps.get("deviceApiLevel") or 0),
            width=width,
            height=height,
            density=int(caps.get("deviceScreenDensity") or 0),
            virtual=str(caps.get("deviceManufacturer") or "") == "Tenfold",
        )

    def observe(self, *, screenshot: bool = True) -> Observation:
        """Look once: the tree, then the picture, then what the window manager says."""
        tree = parse_source(self._read(lambda d: str(d.page_source)))
        png = self._picture(tree) if screenshot else None
        activity = self._read(lambda d: str(d.current_activity or ""))
        package = tree.roots[0].package if tree.roots else ""
        package = package or self._read(lambda d: str(d.current_package or ""))
        # The keyboard needs a focus; without one it costs no look.
        focus = not tree.roots or any(node.focused for node in tree.walk())
        keyboard = focus and self._read(lambda d: bool(d.is_keyboard_shown()))
        info = self.info()
        width, height = info.width, info.height
        if tree.rotation % 2:
            width, height = height, width
        return Observation(
            tree=tree,
            png=png,
            package=package,
            activity=f"{package}{activity}" if activity.startswith(".") else activity,
            keyboard=keyboard,
            width=width or tree.screen.right,
            height=height or tree.screen.bottom,
            rotation=tree.rotation,
            time=self._read(lambda d: str(d.device_time)),
        )

    def _picture(self, tree: Tree) -> bytes | None:
        from selenium.common.exceptions import WebDriverException

        def take(driver: Any) -> bytes | None:
            try:
                return driver.get_screenshot_as_png()
            except WebDriverException as error:
                # A secure screen is refused on some devices and black on others.
                if "screenshot" in str(error).lower() or "capture" in str(error).lower():
                    return None
                raise

        png = self._read(take)
        # Without a tree the screen is off, and black is what there is to see.
        secure = png is not None and bool(tree.roots) and len(png) < _SECURE_SIZE and _black(png)
        return None if secure else png

    # Acting

    def tap(self, x: int, y: int) -> None:
        """Touch a point shortly."""
        self._do(lambda d: d.execute_script("mobile: clickGesture", {"x": x, "y": y}))

    def long_press(self, x: int, y: int, seconds: float = 1.0) -> None:
        """Touch a point and stay."""
        arguments = {"x": x, "y": y, "duration": round(seconds * 1000)}
        self._do(lambda d: d.execute_script("mobile: longClickGesture", arguments))

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        """Drag a finger from the first point to the second."""
        self._do(lambda d: d.swipe(x1, y1, x2, y2, round(seconds * 1000)))

    def type(self, text: str) -> None:
        """Append text to the focused field; where it takes none by accessibility, through Appium's keyboard."""
        from selenium.common.exceptions import InvalidElementStateException, NoSuchElementException

        if not text:
            return

        def enter(driver: Any) -> None:
            try:
                driver.switch_to.active_element.send_keys(text)
            except (InvalidElementStateException, NoSuchElementException):
                if not driver.is_keyboard_shown():
                    raise _no_focus("typed") from None
                self._ime_risked = True
                driver.execute_script("mobile: type", {"text": text})

        self._do(enter)

    def clear(self) -> None:
        """Empty the focused field."""
        from selenium.common.exceptions import InvalidElementStateException, NoSuchElementException

        def empty(driver: Any) -> None:
            try:
                driver.switch_to.active_element.clear()
            except (InvalidElementStateException, NoSuchElementException):
                raise _no_focus("cleared") from None

        self._do(empty)

    def key(self, name: Key) -> None:
        """Press a key."""
        if name not in KEYCODES:
            raise PhoneError(f"No key is called {name!r}.", mend=f"Keys: {', '.join(KEYCODES)}.")
        self._do(lambda d: d.press_keycode(KEYCODES[name]))

    def open_app(self, app: str) -> str:
        """Bring an app to the front by its package, its label, or the name of its package."""
        package = resolve(app, self.apps())
        self._do(lambda d: d.activate_app(package))
        return package

    def apps(self) -> dict[str, str]:
        """Label → package. Without a shell labels cannot be asked for: apps are then named after their packages."""
        if "shell" in self.features:
            return read_launchable(self.shell(LAUNCHABLE))
        listed: Any = self._read(lambda d: d.execute_script("mobile: listApps"))
        return labels(str(package) for package in listed)

    def shell(self, args: Sequence[str]) -> str:
        """Run a program on the device; each argument is quoted on its own."""
        if "shell" not in self.features:
            raise PhoneError(
                f"The shell of {self._serial or 'the device'} is off.",
                mend="Open the device with shell=True, and Appium with --allow-insecure=uiautomator2:adb_shell.",
            )
        if not args:
            raise PhoneError("There is no program to run.", mend="Give at least its name.")
        arguments = {
            "command": args[0],
            "args": [shlex.quote(arg) for arg in args[1:]],
            "includeStderr": False,
        }
        return str(self._do(lambda d: d.execute_script("mobile: shell", arguments)))


def _no_focus(what: str) -> PhoneError:
    return PhoneError(f"Nothing is {what}: no field has the focus.", mend="Tap the field first.")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else (0, 0)


def _black(png: bytes) -> bool:
    """Whether a picture is black all over, as that of a secure screen."""
    try:
        from PIL import Image
    except ImportError:
        return False
    try:
        with Image.open(io.BytesIO(png)) as picture:
            return picture.convert("L").getextrema()[1] < 8  # pyright: ignore[reportOperatorIssue]
    except Exception as error:  # Pillow raises many kinds for a damaged picture
        raise PhoneError(
            f"The screenshot cannot be read ({type(error).__name__}).", mend="Look again."
        ) from error
