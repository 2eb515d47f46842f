"""fcn8s.training.recipes: flags under one name, of which those given by hand win."""
import pytest
from random_weights import THIN
from scripts import fresh_flags, run_script, write_data_set

import FCN_train
from fcn8s.config import read_config
from fcn8s.training.recipes import RECIPES, apply_recipe
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UsageError
from FCN_model import NETS

NAME = 'ade20k-resnet50dilated-ppm_deepsup'


def resulting(*arguments):
    """{flag: value} of a command line."""
    with fresh_flags(FCN_train.FLAGS) as flags:
        parse(flags, ['FCN_train.py'] + list(arguments), '')
        apply_recipe(flags)
        return flags.flag_values_dict()


def test_recipe_of_a_published_net():
    flags = resulting('--recipe=' + NAME)
    expected = {'net': 'resnet50dilated_ppm_deepsup', 'batch_size': 16, 'max_steps': 100000, 'optimizer': 'sgd',
                'learning_rate': 0.02, 'momentum': 0.9, 'weight_decay': 1e-4, 'lr_schedule': 'poly:0.9', 'flip': 0.5}
    assert {name: flags[name] for name in expected} == expected


def test_flag_given_by_hand_wins_over_the_recipe():
    flags = resulting('--batch_size=4', '--recipe=' + NAME, '--learning_rate=0.001')
    assert (flags['batch_size'], flags['learning_rate'], flags['optimizer']) == (4, 0.001, 'sgd')


@pytest.mark.parametrize('name', RECIPES)
def test_recipe_names_flags_that_exist_and_a_net(name):
    assert set(RECIPES[name]) <= set(FCN_train.FLAGS) and RECIPES[name]['net'] in NETS


@pytest.mark.parametrize('given, flag, value', [
    ('--learning_rate=0.1', 'lr_decoder', None), ('--init_from=logs/old', 'pretrained', 'auto'),
    ('--width=0.25', 'pretrained', 'auto')])
def test_flags_that_clash_with_one_given_by_hand_are_left_out(given, flag, value):
    assert resulting('--recipe=baseline-resnet34_dilated8-psp_bilinear', given)[flag] == value


def test_init_from_a_published_net_wins_over_the_net_of_the_recipe():
    assert resulting('--recipe=' + NAME, '--init_from=ade20k-resnet18dilated-c1_deepsup')['net'] == (
        'resnet18dilated_c1_deepsup')


def test_net_given_by_hand_wins_over_that_of_a_published_net():
    assert resulting('--init_from=' + NAME, '--net=resnet50_upernet')['net'] == 'resnet50_upernet'


def test_without_recipe_flags_stay_as_they_are():
    assert resulting()['net'] == 'fcn8s'


def test_unknown_recipe_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=f'--recipe=fast: there is no such recipe. Available: .*{NAME}'):
        resulting('--recipe=fast')


def test_config_holds_what_resulted(tmp_path):
    data = write_data_set(tmp_path / 'data')
    run_script(FCN_train, '--recipe=ade20k-resnet18dilated-c1_deepsup', f'--data_dir={data}', f'--width={THIN}',
               '--max_steps=1', '--batch_size=2', f'--logs_dir={tmp_path / "logs"}')
    config = read_config(str(tmp_path / 'logs'))
    flags = {name: config['flags'][name] for name in ('recipe', 'batch_size', 'optimizer', 'learning_rate', 'net')}
    assert flags == {'recipe': 'ade20k-resnet18dilated-c1_deepsup', 'batch_size': 2, 'optimizer': 'sgd',
                     'learning_rate': 0.02, 'net': 'resnet18dilated_c1_deepsup'}
