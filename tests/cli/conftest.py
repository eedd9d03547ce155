"""Fixtures: every test has its own double on a free port and its own home."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("world", "servers", "served")

from double import Double  # noqa: E402
from served import Served  # noqa: E402
from simulated import Simulated  # noqa: E402
from world import PAIR_NAMES, PAIRS, World, started  # noqa: E402


@pytest.fixture
def make_world(tmp_path):
    """make_world(project_type, key, **world_options), with `double={…}` for the double's own, or `service="simulator"`
    for the built simulator in its place.

    At the end of the test what holds at any moment is checked in every world that was made.
    """
    worlds = []

    def make(project_type="hybrid", key="email", *, double=None, service="double", **options):
        folder = tmp_path / f"world{len(worlds)}"
        folder.mkdir()
        asked = Simulated(project_type) if service == "simulator" else Double(project_type, **(double or {}))
        world = World(folder, asked, key=key, **options)
        worlds.append(world)
        return world

    yield make
    try:
        for world in worlds:
            world.end_many()
            world.assert_clean()
    finally:
        for world in worlds:
            world.double.close()


@pytest.fixture(params=PAIRS, ids=PAIR_NAMES)
def started_world(make_world, request):
    """One for each pair of project type and match key, after its first run."""
    project_type, key = request.param
    return started(make_world(project_type, key))


@pytest.fixture
def serve(make_world):
    """serve(world, *options) starts the service of a world; it ends with the test, by SIGTERM and well."""
    running = []

    def start(world, *options, **more):
        running.append(Served(world, *options, **more))
        return running[-1]

    yield start
    for service in running:
        if service.process.poll() is None:
            service.end()
