"""Paths that begin with ~, which no shell expands behind a flag's = sign."""
import os

import pytest
from absl import flags
from scripts import fresh_flags

import FCN_train
from Data_zoo import conversion
from fcn8s.utils.cli import expand_home, parse
from fcn8s.utils.errors import UserError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('USERPROFILE', str(tmp_path / 'home'))
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / 'home')


def test_every_path_flag_is_expanded(home):
    names = ('data_dir', 'list', 'pretrained', 'model_dir', 'init_from', 'logs_dir', 'class_weights',
             'preview_augmentation')
    with fresh_flags(FCN_train.FLAGS):
        parse(FCN_train.FLAGS, ['FCN_train.py'] + [f'--{name}=~/x' for name in names], '')
        assert {FCN_train.FLAGS[name].value for name in names} == {os.path.join(home, 'x')}


def test_paths_that_are_no_flags_are_expanded(home):
    assert parse(flags.FlagValues(), ['FCN_infer.py', '~/a.jpg', 'b~.jpg'], '', takes_paths=True) == [
        os.path.join(home, 'a.jpg'), 'b~.jpg']


def test_arguments_of_preparations_are_expanded(home):
    assert conversion.parser('x', 'data', 'source').parse_args(['--source=~/s']).source == os.path.join(home, 's')


def test_home_of_nobody_is_refused():
    with pytest.raises(UserError, match=r"no user 'no-such-user'.*\./~no-such-user/x"):
        expand_home('~no-such-user/x')


def test_folder_of_that_very_name_is_told(tmp_path, capsys):
    (tmp_path / '~' / 'x').mkdir(parents=True)
    expand_home('~/x')
    assert './~/x' in capsys.readouterr().out


def test_file_whose_name_begins_with_it_stays():
    assert expand_home('~$draft.jpg') == '~$draft.jpg'
