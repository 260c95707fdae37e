"""`python -m tenfold` is the command `tenfold`."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
