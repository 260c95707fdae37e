"""Users, sessions and logins at a provider, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tenfold.errors import ConfigError
from tenfold.tools.accounts import AccountStore

PASSWORD = "correct horse battery"


@pytest.fixture
def place(tmp_path: Path, database: str | None) -> Path | str:
    return database or tmp_path


@pytest.fixture
def accounts(place: Path | str) -> Iterator[AccountStore]:
    store = AccountStore(place)
    yield store
    store.close()


def test_a_password_opens_an_account_whose_name_is_taken_once(accounts: AccountStore) -> None:
    user = accounts.add("Ann", PASSWORD)
    with pytest.raises(ConfigError, match="already"):
        accounts.add("ann ", PASSWORD)
    assert accounts.check_password(" ANN", PASSWORD) == user
    assert accounts.check_password("ann", PASSWORD + "x") is None
    assert accounts.check_password("bob", PASSWORD) is None
    for name, password in (("x" * 65, PASSWORD), ("a b", PASSWORD), ("bob", "short"), ("bob", "x" * 1025)):
        with pytest.raises(ConfigError):
            accounts.add(name, password)
    assert [u.name for u in accounts.users()] == ["ann"]


def test_a_session_ends_by_time_by_its_owner_and_with_the_password(accounts: AccountStore) -> None:
    user = accounts.add("ann", PASSWORD)
    gone, closed, kept = (accounts.open_session(user, days=days) for days in (-1, 1, 1))
    accounts.close_session(closed)
    assert [accounts.session_user(token) for token in (gone, closed, kept, "")] == [None, None, user, None]
    accounts.set_password("ann", PASSWORD + "!")
    assert accounts.session_user(kept) is None
    last = accounts.open_session(user)
    accounts.remove("ann")
    assert accounts.session_user(last) is None
    with pytest.raises(ConfigError, match="no user"):
        accounts.named("ann")


def test_a_providers_person_is_known_by_the_subject_and_never_a_local_user(accounts: AccountStore) -> None:
    local = accounts.add("ann", PASSWORD)
    first = accounts.from_provider("https://id.example", "1", "Ann")
    assert first.id != local.id and first.name == "ann-2"
    assert accounts.from_provider("https://id.example", "1", "Renamed") == first
    assert accounts.from_provider("https://other.example", "1", "Ann").name == "ann-3"
    assert accounts.check_password("ann-2", "") is None
    with pytest.raises(ConfigError, match="logs in through"):
        accounts.set_password("ann-2", PASSWORD)


def test_what_a_login_kept_is_taken_once_and_in_time(accounts: AccountStore) -> None:
    attempt, late = accounts.begin_attempt({"state": "강"}), accounts.begin_attempt({}, seconds=-1)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(accounts.take_attempt, [attempt.id] * 4))
    assert [t.data for t in taken if t] == [{"state": "강"}]
    assert accounts.take_attempt(late.id) is None and accounts.take_attempt("") is None


def test_servers_that_start_together_make_one_set_of_tables(place: Path | str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(AccountStore, [place] * 8))
    stores[0].add("ann", PASSWORD)
    assert all(store.named("ann").name == "ann" for store in stores)
    for store in stores:
        store.close()


def test_no_token_and_no_password_stands_in_the_file(tmp_path: Path) -> None:
    accounts = AccountStore(tmp_path)
    token = accounts.open_session(accounts.add("ann", PASSWORD))
    accounts.close()
    text = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"$argon2id$" in text and PASSWORD.encode() not in text and token.encode() not in text
