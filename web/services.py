"""From settings and a request to what a run works with: model, sources, budget, store."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from ..errors import ConfigError, RunError, ToolError
from ..graphs.edr import EdrContext, RunOptions
from ..models import Budget, CallEvent, ModelCaller, ModelName, OpenModel, open_model
from ..models.embedding import Embedder, open_minilm
from ..models.reading import open_safe
from ..pages import PageReader
from ..settings import BudgetLimits, Settings
from ..tools.corpus import Corpus, CorpusEngine, pdf_text
from ..tools.runs import Run, RunStatus, RunStore
from ..tools.search import SearchHub, build_hub
from ..tools.sql import Database, open_database

_LOG = logging.getLogger(__name__)


class RunRequest(BaseModel):
    """What a run was asked to use; kept with the run, so that a resume builds the same.

    Attributes:
        model: As `provider:name`; None is the one of the settings.
        docs: Folder of the user's documents, or None.
        web, academic, code, encyclopedia: Kinds of source to search besides.
        databases: Files or addresses of databases to read.
        options: The graph's own options.
    """

    model_config = ConfigDict(extra="forbid")

    model: str | None = None
    docs: str | None = None
    web: bool = False
    academic: bool = False
    code: bool = False
    encyclopedia: bool = False
    databases: list[str] = []
    options: RunOptions = Field(default_factory=lambda: RunOptions())

    @property
    def any_source(self) -> bool:
        """Whether anything can be searched at all."""
        return bool(
            self.docs or self.web or self.academic or self.code or self.encyclopedia or self.databases
        )


@dataclass
class Services:
    """What all runs of this process share."""

    settings: Settings
    store: RunStore
    _models: dict[str, OpenModel] = field(default_factory=dict[str, OpenModel])
    _corpora: dict[str, Corpus] = field(default_factory=dict[str, Corpus])
    _embedder: Embedder | None = None
    _reader: PageReader | None = None
    _phone_reader: PageReader | None = None

    def model(self, name: str | None) -> OpenModel:
        """The model of this name, opened once."""
        wanted = name or self.settings.model
        if wanted not in self._models:
            self._models[wanted] = open_model(wanted, self.settings)
        return self._models[wanted]

    def use(self, name: str, model: OpenModel) -> None:
        """Take `model` for this name from now on: one that was opened elsewhere, or about which more is known."""
        self._models[name] = model

    def embedder(self) -> Embedder:
        """The embedding model, loaded once."""
        if self._embedder is None:
            self._embedder = open_minilm(self.settings)
        return self._embedder

    def page_reader(self) -> PageReader | None:
        """Who reads scanned pages, opened once; None where nothing that could is installed.

        Raises:
            ConfigError: The settings name a reader that is malformed or not here.
        """
        if self._reader is None:
            try:
                self._reader = open_safe(self.settings.page_reader)
            except ConfigError as error:
                if self.settings.page_reader != "auto":
                    raise
                _LOG.warning("Scans are not read: %s", error)
        return self._reader

    def phone_reader(self) -> PageReader | None:
        """Who reads screens of phones, opened once; None where the settings say off.

        Raises:
            ConfigError: The settings name a reader that is malformed or not here.
        """
        wanted = self.settings.phone_reader
        if wanted == "off":
            return None
        if wanted == self.settings.page_reader:
            return self.page_reader()
        if self._phone_reader is None:
            self._phone_reader = open_safe(wanted)
        return self._phone_reader

    def corpus(self, folder: str | Path) -> Corpus:
        """The index of a folder, opened once.

        Raises:
            ConfigError: There is no such folder.
        """
        path = _folder(folder)
        if str(path) not in self._corpora:
            digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
            index = self.settings.data_dir.expanduser() / "indexes" / f"{path.name or 'root'}-{digest}"
            self._corpora[str(path)] = Corpus.open(
                index, self.embedder(), settings=self.settings, reader=self.page_reader()
            )
        return self._corpora[str(path)]

    def check(self, request: RunRequest) -> None:
        """Refuse what is wrong before anything is fetched or indexed; `context` checks the rest.

        Raises:
            ConfigError: The request names no source, a folder that is not there, or a malformed model.
            ModelNotFound: The model is not here. The default one may still have to be fetched.
        """
        if not request.any_source:
            raise ConfigError(
                "The run has nothing to search.", mend="Give --docs FOLDER, --web or another source."
            )
        if request.docs is not None:
            _folder(request.docs)
        if ModelName.parse(request.model or self.settings.model) != ModelName.parse("embedded"):
            self.model(request.model)
        for name in request.databases:
            _check_database(name)

    def context(
        self,
        run_id: str,
        request: RunRequest,
        *,
        budget: Budget | None = None,
        on_event: Callable[[CallEvent], None] | None = None,
    ) -> EdrContext:
        """Build what the graph's nodes are handed; a fresh budget unless one is given.

        Raises:
            ConfigError: The request names no source, or one that cannot be opened.
        """
        self.check(request)
        opened = self.model(request.model)
        hub = self._hub(request)
        kinds = {engine.capabilities.source_type for engine in hub.engines.values()}
        kinds |= {"database"} if request.databases else set()
        ledger = self.store.ledger(run_id)
        budget = budget or Budget(BudgetLimits(**request.options.limits.model_dump()))
        caller = ModelCaller(
            opened,
            ledger=ledger,
            budget=budget,
            timeout_s=max(self.settings.timeout_s, opened.info.patience_s),
            retries=self.settings.retries,
            on_event=on_event,
        )
        return EdrContext(
            run_id=run_id,
            caller=caller,
            searcher=hub,
            source_types=frozenset(kinds),
            store=self.store,
            ledger=ledger,
            budget=budget,
            similarity=self._similarity if request.docs else None,
            databases=self._databases(request.databases),
        )

    def status(self, run: Run) -> RunStatus:
        """Where a run stands: one whose process died still says `running` in the store, and is `interrupted`."""
        if run.status != "running":
            return run.status
        try:
            self.store.lock(run.id).release()
        except RunError:
            return "running"
        now = self.store.run(run.id).status  # it may have ended since it was listed
        return "interrupted" if now == "running" else now

    def _hub(self, request: RunRequest) -> SearchHub:
        engine = CorpusEngine(self.corpus(request.docs)) if request.docs else None
        return build_hub(
            self.settings,
            corpus_engine=engine,
            web=request.web,
            academic=request.academic,
            code=request.code,
            encyclopedia=request.encyclopedia or None,
            read_pdf=partial(pdf_text, reader=self.page_reader()),
        )

    def _similarity(self, text: str, others: Sequence[str]) -> Sequence[float]:
        vectors = self.embedder().embed([text, *others])
        return [float(score) for score in vectors[1:] @ vectors[0]]

    def _databases(self, names: Sequence[str]) -> dict[str, Database]:
        stems = [Path(name).stem or name for name in names]
        # sales.csv and sales.sqlite are two databases.
        keys = [stem if stems.count(stem) == 1 else f"{stem} ({n})" for n, stem in enumerate(stems, 1)]
        return {key: open_database(name) for key, name in zip(keys, names, strict=True)}

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def _check_database(name: str) -> None:
    # The request is kept with the run, and no secret may be.
    if "://" in name and urlsplit(name).password:
        raise ConfigError(
            f"The address of the database on {urlsplit(name).hostname!r} holds a password, which would be stored.",
            mend="Leave it out, and put it into PGPASSWORD or ~/.pgpass.",
        )
    try:
        open_database(name)
    except ToolError as error:
        raise ConfigError(error.message, mend=error.mend) from error


def _folder(name: str | Path) -> Path:
    path = Path(name).expanduser().resolve()
    if not path.is_dir():
        raise ConfigError(f"{str(name)!r} is not a folder.", mend="Name a folder that holds documents.")
    return path


def open_services(settings: Settings) -> Services:
    """Open the data folder.

    Raises:
        ConfigError: It cannot be made or written.
    """
    try:
        return Services(settings=settings, store=RunStore(settings.data_dir.expanduser(), settings.database))
    except OSError as error:
        raise ConfigError(
            f"The data folder {str(settings.data_dir)!r} cannot be used: {error.strerror}.",
            mend="Set TENFOLD_DATA_DIR to a folder that you can write.",
        ) from error
