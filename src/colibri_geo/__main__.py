"""Run the command line as ``python -m colibri_geo``."""

from __future__ import annotations

from colibri_geo.cli.main import main

if __name__ == "__main__":
    main()
