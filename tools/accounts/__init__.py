"""Accounts of the web chat: users, their passwords, and sessions that can be taken back."""

from .store import SESSION_DAYS, AccountStore, Attempt, User

__all__ = ["SESSION_DAYS", "AccountStore", "Attempt", "User"]
