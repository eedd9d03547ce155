"""Fixtures: every test has a simulator of its own, on a free port of this machine."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulator import Simulator  # noqa: E402


@pytest.fixture
def start():
    """start(project_type, *args, switches={…}) starts a simulator that ends with the test."""
    running = []

    def run(*args, **options):
        running.append(Simulator(*args, **options))
        return running[-1]

    yield run
    for sim in running:
        sim.__exit__(None)
