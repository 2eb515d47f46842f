"""kill -9 at any moment loses the steps since the last checkpoint, and nothing else."""
import os

import pytest

if not hasattr(os, 'fork'):
    pytest.skip('Windows has neither kill -9 nor the fork that starts these runs', allow_module_level=True)

from soak.kills import differences, kill_and_resume

KILLS = 20  # `make soak` has 200


@pytest.fixture(scope='module')
def killed(tmp_path_factory):
    """(folder, Killed) of a training that was killed 20 times."""
    folder = str(tmp_path_factory.mktemp('killed'))
    return folder, kill_and_resume(folder, KILLS)


def test_training_killed_20_times_ends_like_one_never_killed(killed):
    assert differences(killed[0]) == []


def test_some_kills_interrupted_a_save(killed):
    assert sum(killed[1].kills.values()) == KILLS and killed[1].amid_save >= 1
