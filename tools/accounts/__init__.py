"""Accounts of the web chat: users, their passwords, and sessions that can be taken back."""

from .store import AccountStore, Attempt, User

__all__ = ["AccountStore", "Attempt", "User"]
