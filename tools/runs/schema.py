"""The tables of the run store, in statements that SQLite and PostgreSQL both take.

Every insert that a resumed node may try again is keyed so that the second try changes nothing.
"""

from __future__ import annotations

SCHEMA_VERSION = 4

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, graph TEXT NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL,
    options TEXT NOT NULL, created TEXT NOT NULL, ended TEXT, error TEXT,
    active_s DOUBLE PRECISION NOT NULL DEFAULT 0, inbox_open INTEGER NOT NULL DEFAULT 1, report TEXT,
    owner TEXT NOT NULL DEFAULT 'local', thread TEXT NOT NULL DEFAULT '', parent TEXT,
    attempt INTEGER NOT NULL DEFAULT 0, client_id TEXT, wanted TEXT NOT NULL DEFAULT '',
    answers TEXT NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX IF NOT EXISTS runs_client ON runs (owner, client_id);
CREATE INDEX IF NOT EXISTS runs_owner ON runs (owner, created);
CREATE INDEX IF NOT EXISTS runs_status ON runs (status);
CREATE TABLE IF NOT EXISTS calls (
    run_id TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL,
    name TEXT NOT NULL, value TEXT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,
    cost DOUBLE PRECISION NOT NULL, ms DOUBLE PRECISION NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run_id, key)
);
CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, type TEXT NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (run_id, seq), UNIQUE (run_id, key)
);
CREATE TABLE IF NOT EXISTS inbox (
    run_id TEXT NOT NULL, seq INTEGER NOT NULL, client_id TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', effect TEXT NOT NULL DEFAULT '{}', loop INTEGER, at TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'text', PRIMARY KEY (run_id, seq), UNIQUE (run_id, client_id)
);
CREATE TABLE IF NOT EXISTS snapshots (
    sha256 TEXT PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, media_type TEXT NOT NULL,
    fetched_at TEXT NOT NULL, published TEXT, meta TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS evidence (
    run_id TEXT NOT NULL, id TEXT NOT NULL, task_id TEXT NOT NULL, snapshot TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, quote TEXT NOT NULL, url TEXT NOT NULL, title TEXT NOT NULL, engine TEXT NOT NULL,
    source_type TEXT NOT NULL, published TEXT, score DOUBLE PRECISION NOT NULL, loop INTEGER NOT NULL,
    hidden_by TEXT NOT NULL DEFAULT '', at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, id), UNIQUE (run_id, snapshot, start, "end")
);
CREATE TABLE IF NOT EXISTS run_views (
    run_id TEXT NOT NULL, seq INTEGER NOT NULL, view TEXT NOT NULL, PRIMARY KEY (run_id, seq)
);
"""

# From version 1, which only SQLite files have.
FROM_1 = """
ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';
ALTER TABLE runs ADD COLUMN thread TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN parent TEXT;
ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN client_id TEXT;
ALTER TABLE runs ADD COLUMN wanted TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN answers TEXT NOT NULL DEFAULT '{}';
ALTER TABLE inbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
ALTER TABLE evidence ADD COLUMN at TEXT NOT NULL DEFAULT '';
UPDATE runs SET thread = id;
"""

# From versions 2 and 3, which lack this column and no other.
FROM_2 = "ALTER TABLE runs ADD COLUMN answers TEXT NOT NULL DEFAULT '{}'"

# What a fork copies: all columns beside the run.
CALLS = "key, n, kind, role, name, value, input_tokens, output_tokens, cost, ms, at"
EVENTS = "seq, key, at, type, data"
INBOX = "seq, client_id, body, status, reason, effect, loop, at, kind"
EVIDENCE = (
    'id, task_id, snapshot, start, "end", quote, url, title, engine, source_type, published, score, loop, '
    + "hidden_by, at"
)
