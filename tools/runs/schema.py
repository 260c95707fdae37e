"""The tables of the run store.

One SQLite file in WAL mode holds what runs leave behind. Every insert that a resumed node may try again is keyed
so that the second try changes nothing.
"""

from __future__ import annotations

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, graph TEXT NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL,
    options TEXT NOT NULL, created TEXT NOT NULL, ended TEXT, error TEXT,
    active_s REAL NOT NULL DEFAULT 0, inbox_open INTEGER NOT NULL DEFAULT 1, report TEXT
);
CREATE TABLE IF NOT EXISTS calls (
    run_id TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL,
    name TEXT NOT NULL, value TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cost REAL NOT NULL, ms REAL NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run_id, key)
);
CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, type TEXT NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (run_id, seq), UNIQUE (run_id, key)
);
CREATE TABLE IF NOT EXISTS inbox (
    run_id TEXT NOT NULL, seq INTEGER NOT NULL, client_id TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', effect TEXT NOT NULL DEFAULT '{}', loop INTEGER, at TEXT NOT NULL,
    PRIMARY KEY (run_id, seq), UNIQUE (run_id, client_id)
);
CREATE TABLE IF NOT EXISTS snapshots (
    sha256 TEXT PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, media_type TEXT NOT NULL,
    fetched_at TEXT NOT NULL, published TEXT, meta TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS evidence (
    run_id TEXT NOT NULL, id TEXT NOT NULL, task_id TEXT NOT NULL, snapshot TEXT NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, quote TEXT NOT NULL, url TEXT NOT NULL, title TEXT NOT NULL, engine TEXT NOT NULL,
    source_type TEXT NOT NULL, published TEXT, score REAL NOT NULL, loop INTEGER NOT NULL,
    hidden_by TEXT NOT NULL DEFAULT '', PRIMARY KEY (run_id, id), UNIQUE (run_id, snapshot, start, end)
);
"""
