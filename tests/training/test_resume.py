"""Resumed runs: on another data set, and at their end."""
import pytest
from scripts import CLASSES_CSV, run_script, write_data_set
from tiny_net import TRAIN

import FCN_train
from fcn8s.utils.errors import UserError


def train(tmp_path, name, max_steps):
    return run_script(FCN_train, f'--data_dir={tmp_path / name}', f'--logs_dir={tmp_path / "logs"}',
                      f'--max_steps={max_steps}', *TRAIN)


@pytest.fixture
def data(tmp_path):
    """Two data sets of the same classes, and a run of one step on the first."""
    for name in ('first', 'second'):
        write_data_set(tmp_path / name, size=(32, 32))
    train(tmp_path, 'first', 1)


def test_run_resumes_with_other_photos_of_the_same_classes(tmp_path, data, capsys):
    assert train(tmp_path, 'second', 2) == 0
    assert 'model.ckpt-1 (step 1)' in capsys.readouterr().out


def test_run_does_not_resume_with_other_classes(tmp_path, data):
    (tmp_path / 'second' / 'classes.csv').write_text(CLASSES_CSV.replace('left', 'cat'))
    with pytest.raises(UserError, match="class 1 is 'left' there and 'cat' now"):
        train(tmp_path, 'second', 2)


def test_run_at_its_end_says_so(tmp_path, data, capsys):
    capsys.readouterr()
    assert train(tmp_path, 'first', 1) == 0
    assert 'already at step 1 of max_steps 1: nothing to train' in capsys.readouterr().out


def test_fix_bn_from_scratch_gives_a_warning(tmp_path, data, capsys):
    for more, warned in (((), False), (('--fix_bn',), True), (('--fix_bn', f'--init_from={tmp_path / "logs"}'), False)):
        run_script(FCN_train, f'--data_dir={tmp_path / "first"}', f'--logs_dir={tmp_path / "new"}-{len(more)}',
                   '--max_steps=1', *TRAIN, *more)
        assert ('--fix_bn from scratch' in capsys.readouterr().out) == warned
