"""What the settings list: networks, devices, choices, areas, and what their search finds."""

from __future__ import annotations

NETWORKS = (
    ("Larkspur-Home", "secured"),
    ("Larkspur-Guest", "open"),
    ("CoffeeHouse", "open"),
    ("Nakamura 5G", "secured"),
)
DEVICES = ("Kitchen speaker", "Grace's headphones", "Car audio")
TIMEOUTS = {
    "15000": "15 seconds",
    "30000": "30 seconds",
    "60000": "1 minute",
    "120000": "2 minutes",
    "600000": "10 minutes",
}
FONTS = {"0.85": "Small", "1.0": "Default", "1.15": "Large", "1.3": "Largest"}

TOP = (
    ("network", "Network & internet", "Mobile, Wi-Fi, airplane mode", "wifi"),
    ("devices", "Connected devices", "Bluetooth, pairing", "bluetooth"),
    ("apps", "Apps", "App info, uninstall, force stop", "apps"),
    ("notifications", "Notifications", "Do Not Disturb, lock screen", "bell"),
    ("battery", "Battery", "Battery Saver", "power"),
    ("storage", "Storage", "35% used - 34 GB free", "storage"),
    ("sound", "Sound & vibration", "Volume, vibration", "volume"),
    ("display", "Display", "Dark theme, font size, brightness", "brightness"),
    ("location", "Location", "App access to your location", "location"),
    ("system", "System", "Date & time, reset", "info"),
    ("about", "About phone", "Tenfold Phone", "phone"),
)  # fmt: skip
FINDABLE = (
    ("Wi-Fi", "wifi"),
    ("Airplane mode", "network"),
    ("Mobile data", "network"),
    ("Bluetooth", "devices"),
    ("Dark theme", "display"),
    ("Brightness level", "display"),
    ("Screen timeout", "display"),
    ("Font size", "display"),
    ("Media volume", "sound"),
    ("Ring volume", "sound"),
    ("Alarm volume", "sound"),
    ("Do Not Disturb", "notifications"),
    ("Battery Saver", "battery"),
    ("Date & time", "date"),
    ("Use 24-hour format", "date"),
    ("Factory reset", "reset"),
    ("Device name", "about"),
    ("Storage", "storage"),
    ("Location", "location"),
    ("Auto-rotate screen", "display"),
    ("All apps", "apps"),
    ("Night Light", "display"),
)
