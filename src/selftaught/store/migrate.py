"""Bringing the schema up to date: the only module that loads Alembic, and loaded only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

FOLDER = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Nothing; runs the migrations that are missing, within the transaction of `connection`."""
    here = config()
    here.attributes["connection"] = connection
    command.upgrade(here, "head")
