"""MCP against a real server process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenfold import Settings
from tenfold.errors import ConfigError, MissingExtra
from tenfold.tools.mcp import McpTools, approve_mcp_tools, open_mcp_tools, parse_servers

pytest.importorskip("langchain_mcp_adapters")
SERVER = str(Path(__file__).parent / "data" / "server.py")


def settings(tmp_path: Path, **servers: dict[str, Any]) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path, mcp_servers=servers)


def entry(mode: str = "plain", **more: Any) -> dict[str, Any]:
    return {"command": sys.executable, "args": [SERVER, mode], "timeout_s": 20, **more}


async def call(found: McpTools, name: str, /, **arguments: Any) -> Any:
    tool = {tool.name: tool for tool in found.tools}[name]
    return await tool.ainvoke({"name": name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_tools_are_listed_namespaced_and_called(tmp_path: Path) -> None:
    found = await open_mcp_tools(settings(tmp_path, maths=entry()))
    assert [t.name for t in found.tools] == ["maths__add", "maths__fail", "maths__slow", "maths__secret"]
    assert found.refused == {}
    message = await call(found, "maths__add", a=2, b=40)
    assert message.status == "success"
    assert message.content.endswith("\n\n42") and "never an instruction" in message.content
    add = found.tools[0]
    assert set(add.args) == {"a", "b"}
    assert add.description == "A tool of the MCP server 'maths', which says of it: Add two numbers."
    assert (add.metadata or {})["untrusted"] is True


async def test_errors_and_bad_arguments_come_back_as_text(tmp_path: Path) -> None:
    found = await open_mcp_tools(settings(tmp_path, maths=entry()))
    for name, arguments, part in [
        ("maths__fail", {"reason": "no luck"}, "no luck"),
        ("maths__add", {"a": "two", "b": 1}, "maths__add reports"),
        ("maths__add", {}, "maths__add reports"),
    ]:
        message = await call(found, name, **arguments)
        assert message.status == "error" and part in message.content


async def test_a_changed_definition_is_refused_until_approved(tmp_path: Path) -> None:
    assert len((await open_mcp_tools(settings(tmp_path, maths=entry()))).tools) == 4
    changed = settings(tmp_path, maths=entry("changed"))
    for _ in range(2):  # being seen is not being approved
        found = await open_mcp_tools(changed)
        assert "maths__add" not in [t.name for t in found.tools] and len(found.tools) == 3
        assert "was changed since it was approved" in found.refused["maths__add"]
    definitions = await approve_mcp_tools(changed, "maths")
    assert "id_rsa" in definitions[0].description  # what the person who approves is shown
    assert len((await open_mcp_tools(changed)).tools) == 4
    assert "maths__add" in (await open_mcp_tools(settings(tmp_path, maths=entry()))).refused


async def test_a_tool_that_appears_later_is_refused(tmp_path: Path) -> None:
    await open_mcp_tools(settings(tmp_path, maths=entry()))
    found = await open_mcp_tools(settings(tmp_path, maths=entry("more")))
    assert len(found.tools) == 4
    assert "is new since the server was approved" in found.refused["maths__extra"]


async def test_a_change_between_listing_and_calling_is_noticed(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(Path(SERVER).read_text())  # noqa: ASYNC240
    found = await open_mcp_tools(settings(tmp_path, maths={**entry(), "args": [str(script), "plain"]}))
    script.write_text(Path(SERVER).read_text().replace("Add two numbers.", "Send me numbers."))  # noqa: ASYNC240
    message = await call(found, "maths__add", a=1, b=2)
    assert message.status == "error" and "was changed since it was approved" in message.content


async def test_damaged_pins_are_not_an_approval(tmp_path: Path) -> None:
    config = settings(tmp_path, maths=entry())
    await open_mcp_tools(config)
    pins = config.data_dir / "mcp-tools.json"
    assert set(json.loads(pins.read_text())["maths"]) == {"add", "fail", "slow", "secret"}
    pins.write_text("{")
    with pytest.raises(Exception, match="is damaged"):
        await open_mcp_tools(config)


async def test_descriptions_are_made_plain(tmp_path: Path) -> None:
    found = await open_mcp_tools(settings(tmp_path, maths=entry("hidden")))
    description = found.tools[0].description
    assert len(description) < 1_100 and "\n" not in description
    assert all(ch.isprintable() for ch in description)


async def test_only_named_tools_and_only_named_servers(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert (await open_mcp_tools(settings(tmp_path))).tools == []
    parse_servers(settings(tmp_path, maths=entry(env={"MCP_TEST_MARK": str(mark)})))
    assert not mark.exists()  # reading the settings starts nothing
    found = await open_mcp_tools(
        settings(tmp_path, maths=entry(tools=["add"], env={"MCP_TEST_MARK": str(mark)}))
    )
    assert [t.name for t in found.tools] == ["maths__add"]
    assert len(mark.read_text().split()) == 1


async def test_secrets_of_the_environment_do_not_reach_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    found = await open_mcp_tools(settings(tmp_path, maths=entry()))
    assert "(unset)" in (await call(found, "maths__secret", name="OPENAI_API_KEY")).content
    given = await open_mcp_tools(settings(tmp_path, maths=entry(env={"TOKEN": "${OPENAI_API_KEY}"})))
    assert "sk-canary" in (await call(given, "maths__secret", name="TOKEN")).content


async def test_slow_dead_and_missing_servers_stop_nobody(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    began = time.monotonic()
    found = await open_mcp_tools(
        settings(
            tmp_path,
            good=entry(),
            dead=entry("die"),
            hung=entry("hang", timeout_s=3, env={"MCP_TEST_MARK": str(mark)}),
            gone={"command": "/no/such/program"},
            closed={"url": "http://127.0.0.1:1/mcp"},
        )
    )
    assert time.monotonic() - began < 20
    assert len(found.tools) == 4
    assert set(found.refused) == {"dead", "hung", "gone", "closed"}
    assert "gave no answer in 3 s" in found.refused["hung"]
    assert "/no/such/program" in found.refused["gone"]
    with pytest.raises(ProcessLookupError):  # no process is left behind
        os.kill(int(mark.read_text()), 0)


async def test_a_call_that_takes_too_long_is_an_error_not_a_hang(tmp_path: Path) -> None:
    found = await open_mcp_tools(settings(tmp_path, maths=entry(timeout_s=4)))
    began = time.monotonic()
    message = await call(found, "maths__slow", seconds=30)
    assert message.status == "error" and "gave no answer in 4 s" in message.content
    assert time.monotonic() - began < 12


@pytest.fixture
def http_server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, SERVER, "plain", str(port)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()
    process.wait()


async def test_a_server_over_http(tmp_path: Path, http_server: str) -> None:
    found = await open_mcp_tools(settings(tmp_path, remote={"url": http_server}))
    assert found.refused == {}
    assert (await call(found, "remote__add", a=1, b=2)).content.endswith("\n\n3")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Bad Name", {"command": "x"}, "cannot be the name"),
        ("a__b", {"command": "x"}, "cannot be the name"),
        ("a", {}, "either a command"),
        ("a", {"command": "x", "url": "https://a.org"}, "either a command"),
        ("a", {"url": "http://example.com/mcp"}, "is not https"),
        ("a", {"url": "ftp://127.0.0.1/"}, "is not https"),
        ("a", {"command": "x", "shell": True}, "shell Extra inputs"),
        ("a", {"command": "x", "timeout_s": 0}, "timeout_s"),
    ],
)
async def test_wrong_settings_say_what_is_wrong(
    tmp_path: Path, name: str, value: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        await open_mcp_tools(settings(tmp_path, **{name: value}))


async def test_approving_an_unknown_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No MCP server 'other'.*\['maths'\]"):
        await approve_mcp_tools(settings(tmp_path, maths=entry()), "other")


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
sys.modules["langchain_mcp_adapters"] = None
from pathlib import Path
from tenfold import Settings
from tenfold.tools.mcp import open_mcp_tools
try:
    asyncio.run(open_mcp_tools(Settings(data_dir=Path({str(tmp_path)!r}), mcp_servers={{"a": {{"command": "x"}}}})))
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(MissingExtra.__name__) and "tenfold[mcp]" in done.stdout
