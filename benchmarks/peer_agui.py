"""The peer of `web_load.py`: the stock ag-ui-langgraph endpoint over the same graph. Runs in an environment of its own.

python -m venv PEER && PEER/bin/pip install ag-ui-langgraph uvicorn fastapi
PEER/bin/python benchmarks/peer_agui.py PORT PIECES RATE KIND
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from ag_ui_langgraph import LangGraphAgent, add_langgraph_fastapi_endpoint
from fastapi import FastAPI
from langgraph.checkpoint.memory import InMemorySaver

sys.path.insert(0, str(Path(__file__).parent))
from _stream_graph import build

if __name__ == "__main__":
    port, pieces, rate, kind = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    graph = build(pieces, rate, kind).compile(checkpointer=InMemorySaver())
    app = FastAPI()
    add_langgraph_fastapi_endpoint(app, LangGraphAgent(name="stream", graph=graph), "/agui")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
