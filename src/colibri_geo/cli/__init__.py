"""The command line ``colibri-geo``: one module a command, the errors turned into exit statuses in `cli.main`."""

from __future__ import annotations
