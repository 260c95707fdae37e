"""The server of `web_load.py`: Tenfold's web application over the graph of `_stream_graph.py`.

python benchmarks/_web_server.py PORT PIECES RATE KIND DATA_DIR [DATABASE]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from tenfold.settings import load_settings
from tenfold.web import open_services
from tenfold.web.api import calm_gc, create_app, listen, server
from tenfold.web.runs import GraphRegistry, RunManager, serve_compiled

sys.path.insert(0, str(Path(__file__).parent))
from _stream_graph import build


async def context(run: Any, emit: Any, values: Any) -> Any:
    """The graph's node is handed what EDR's nodes stream their drafts with."""
    return emit


def main() -> None:
    port, pieces, rate, kind, data_dir, *database = sys.argv[1:]
    limits = {"requests_per_minute": 1_000_000, "runs_per_hour": 1_000_000, "runs_at_once": 400}
    settings = load_settings(data_dir=Path(data_dir), database=database[0] if database else None, web=limits)
    services = open_services(settings)
    registry = GraphRegistry()
    served: Any = serve_compiled("stream", build(int(pieces), float(rate), kind))
    if kind in ("drafts", "live"):
        served.context = context
        served.streams = ("tasks", "custom")
    registry.add(served)
    app = create_app(services, registry, RunManager(services, registry, settings))
    calm_gc()
    asyncio.run(server(app).serve(sockets=[listen("127.0.0.1", int(port))]))


if __name__ == "__main__":
    main()
