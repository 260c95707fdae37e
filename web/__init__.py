"""Run manager, API and page. So far: the driver, which builds what a run needs and drives it in this process."""

from .driver import Driver, RunView
from .services import RunRequest, Services, open_services

__all__ = ["Driver", "RunRequest", "RunView", "Services", "open_services"]
