"""The server of `web_load.py`: Tenfold's web application over the graph of `_stream_graph.py`.

python benchmarks/_web_server.py PORT PIECES RATE KIND DATA_DIR [DATABASE]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tenfold.settings import load_settings
from tenfold.web import open_services
from tenfold.web.api import create_app
from tenfold.web.api.serve import listen, server
from tenfold.web.runs import GraphRegistry, RunManager, serve_compiled

sys.path.insert(0, str(Path(__file__).parent))
from _stream_graph import build


def main() -> None:
    port, pieces, rate, kind, data_dir, *database = sys.argv[1:]
    limits = {"requests_per_minute": 1_000_000, "runs_per_hour": 1_000_000, "runs_at_once": 400}
    settings = load_settings(data_dir=Path(data_dir), database=database[0] if database else None, web=limits)
    services = open_services(settings)
    registry = GraphRegistry()
    registry.add(serve_compiled("stream", build(int(pieces), float(rate), kind)))
    app = create_app(services, registry, RunManager(services, registry, settings))
    asyncio.run(server(app).serve(sockets=[listen("127.0.0.1", int(port))]))


if __name__ == "__main__":
    main()
