"""What a graph must offer to be served, and a wrapper that serves any LangGraph graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from ...errors import ConfigError
from ...tools.runs import Run


class Emit(Protocol):
    """Appends an event to the run's log with the next write, at most 50 ms later; from any thread."""

    def __call__(self, type: str, data: dict[str, Any], /) -> None:
        """Append `data` as an event of a type."""
        ...


class ServedGraph(Protocol):
    """A graph of which runs can be made.

    Attributes:
        name: In addresses.
        title, description: For people.
        Input: What a run is asked; its JSON is kept with the run as `options`.
        steerable: Whether its nodes read the inbox.
        recursion_limit: The most supersteps of one drive.
        streams: Which of LangGraph's stream modes become events: tasks, custom, messages.
    """

    name: str
    title: str
    description: str
    Input: type[BaseModel]
    steerable: bool
    recursion_limit: int
    streams: tuple[str, ...]

    def build(self) -> Any:
        """The graph, not compiled: it is compiled with the checkpoints of this server."""
        ...

    def check(self, input: Any, owner: str) -> None:
        """Refuse an input that cannot run.

        Raises:
            TenfoldError: What is wrong with it.
        """
        ...

    async def prepare(self, run: Run, emit: Emit) -> None:
        """Do what must be done before the first step, each time the run is taken up; it must not block the loop."""
        ...

    async def context(self, run: Run, emit: Emit, values: dict[str, Any]) -> Any:
        """What the nodes are handed. `values` is the state as it stands, empty before the first step.

        One that has a `close()` is closed, in a thread, when the drive ends, however it ends.
        """
        ...

    def initial(self, run: Run) -> Any:
        """The state that the run starts from."""
        ...

    def on_fork(self, values: dict[str, Any], run: Run, parent: Run) -> dict[str, Any]:
        """What a fork must have changed in the state that it was given; `run` is the fork."""
        ...

    def document(self, run: Run) -> dict[str, Any]:
        """What the shared state document begins with, by path."""
        ...


class GraphRegistry:
    """The graphs that are served, by name."""

    def __init__(self, *graphs: ServedGraph) -> None:
        self._graphs = {graph.name: graph for graph in graphs}

    def add(self, graph: ServedGraph) -> None:
        """Serve a graph too; one of the same name is replaced."""
        self._graphs[graph.name] = graph

    def get(self, name: str) -> ServedGraph | None:
        """The graph of this name, or None."""
        return self._graphs.get(name)

    def need(self, name: str) -> ServedGraph:
        """The graph of this name.

        Raises:
            ConfigError: No such graph is served.
        """
        graph = self._graphs.get(name)
        if graph is None:
            raise ConfigError(f"The graph {name!r} is not served here.", mend="Serve it, or choose another.")
        return graph

    def __iter__(self) -> Iterator[ServedGraph]:
        return iter(self._graphs.values())

    def __len__(self) -> int:
        return len(self._graphs)


class GraphInput(BaseModel):
    """What any graph may be asked: words for its `messages`, and values for its other channels."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(default="", max_length=20_000)
    values: dict[str, Any] = {}


class _Compiled:
    """Any graph, served as it is."""

    Input: type[BaseModel] = GraphInput
    steerable = False
    recursion_limit = 1000
    streams: tuple[str, ...] = ("tasks", "custom", "messages")

    def __init__(self, name: str, graph: Any, title: str, description: str) -> None:
        self.name, self.title, self.description = name, title, description
        self._builder = getattr(graph, "builder", graph)

    def build(self) -> Any:
        return self._builder

    def check(self, input: Any, owner: str) -> None:
        unknown = set(input.values) - set(self._builder.channels)
        if unknown:
            raise ConfigError(
                f"The graph has no channel {', '.join(sorted(unknown))}.",
                mend=f"It has: {', '.join(sorted(self._builder.channels))}.",
            )

    async def prepare(self, run: Run, emit: Emit) -> None:
        pass

    async def context(self, run: Run, emit: Emit, values: dict[str, Any]) -> Any:
        return None

    def initial(self, run: Run) -> Any:
        asked = GraphInput.model_validate(run.options)
        values = dict(asked.values)
        if asked.question and "messages" in self._builder.channels:
            values.setdefault("messages", [{"role": "user", "content": asked.question}])
        return values

    def on_fork(self, values: dict[str, Any], run: Run, parent: Run) -> dict[str, Any]:
        return {}

    def document(self, run: Run) -> dict[str, Any]:
        return {}


def serve_compiled(name: str, graph: Any, *, title: str = "", description: str = "") -> ServedGraph:
    """Serve a LangGraph graph, compiled or not; its own checkpointer, if it has one, is not used.

    Its tasks become steps, the messages of its models texts, and what it writes to LangGraph's `custom` stream events:
    a dict with `type` is one of that type, everything else is one of type `custom`.
    """
    return _Compiled(name, graph, title or name, description)
