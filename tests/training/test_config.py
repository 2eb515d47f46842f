"""config.json: its content, damaged ones, and flags that override it."""
import json
import os

import pytest
from scripts import CLASSES_CSV

from fcn8s.config import NetConfig, NetOverrides, check_same_run, config_path, read_config, save_config, trained_net
from fcn8s.data.classes import ClassInfo
from fcn8s.utils.errors import UserError

CLASSES = (ClassInfo(0, 'others', (0, 0, 0)), ClassInfo(1, 'cat', (220, 60, 20)))
NET = NetConfig('fcn8s', 2, 0.25, CLASSES)
NO_OVERRIDES = NetOverrides()


@pytest.fixture
def logs_dir(tmp_path):
    save_config(str(tmp_path), NET, {'data_dir': 'cats', 'ignore_label': None})
    return str(tmp_path)


def test_config_holds_net_classes_flags_and_versions(logs_dir):
    config = read_config(logs_dir)
    assert (config['net'], config['num_classes'], config['width']) == ('fcn8s', 2, 0.25)
    assert config['classes'][1] == {'index': 1, 'name': 'cat', 'colour': [220, 60, 20]}
    assert config['flags'] == {'data_dir': 'cats', 'ignore_label': None}
    assert set(config['versions']) == {'python', 'tensorflow', 'numpy', 'pillow'}


def test_no_config_is_none(tmp_path):
    assert read_config(str(tmp_path)) is None


@pytest.mark.parametrize('content', ['{"net": "fcn8s"', '{"classes": 5}', '[]', '{"classes": []}'])
def test_broken_config_is_named(tmp_path, content):
    (tmp_path / 'config.json').write_text(content)
    with pytest.raises(UserError, match='config.json'):
        read_config(str(tmp_path))


@pytest.mark.parametrize('key, value', [('net', ['fcn8s']), ('num_classes', '2'), ('width', None), ('flags', []),
                                        ('classes', [{'index': 0, 'name': 'a', 'colour': [0, 0, 256]}])])
def test_config_with_a_value_of_another_type_is_named(logs_dir, key, value):
    config = read_config(logs_dir)
    config[key] = value
    with open(config_path(logs_dir), 'w') as file:
        json.dump(config, file)
    with pytest.raises(UserError, match='config.json'):
        read_config(logs_dir)


def test_trained_net_comes_from_the_config(logs_dir):
    assert trained_net(read_config(logs_dir), NO_OVERRIDES, 'none') == NET


def test_flags_override_the_config(logs_dir):
    net = trained_net(read_config(logs_dir), NetOverrides('fcn8s_paper', 5, 1., None), 'none')
    assert (net.net, net.num_classes, net.width, len(net.classes)) == ('fcn8s_paper', 5, 1., 5)


def test_given_data_set_names_the_classes(logs_dir, tmp_path):
    data = tmp_path / 'data'
    data.mkdir()
    (data / 'classes.csv').write_text(CLASSES_CSV)
    net = trained_net(read_config(logs_dir), NetOverrides(None, 3, None, str(data)), 'none')
    assert [c.name for c in net.classes] == ['others', 'left', 'right']


def test_data_set_with_another_number_of_classes_is_refused(logs_dir, tmp_path):
    (tmp_path / 'classes.csv').write_text(CLASSES_CSV)
    for num_classes, words in ((None, 'lists 3 classes, but the net knows [0-9]+ classes'), (7, '--num_classes is 7')):
        with pytest.raises(UserError, match=words):
            trained_net(read_config(logs_dir), NetOverrides(None, num_classes, None, str(tmp_path)), 'none')


def test_without_config_the_net_must_be_given():
    with pytest.raises(UserError, match='--net and --num_classes'):
        trained_net(None, NetOverrides('fcn8s', None, None, None), 'none')


def test_without_config_151_classes_have_the_names_of_ADE20K():
    import FCN_test
    net = trained_net(None, NetOverrides('fcn8s', 151, None, None), FCN_test.DATA_DIR)
    assert net.width == 1 and net.classes[1].name == 'wall'


@pytest.fixture
def run_dir(logs_dir):
    """logs_dir with the files of a checkpoint, all empty."""
    for suffix in ('.index', '.data-00000-of-00001'):
        with open(os.path.join(logs_dir, 'model.ckpt-1' + suffix), 'w'):
            pass
    return logs_dir


@pytest.mark.parametrize('changed', [{'net': 'fcn8s_paper'}, {'num_classes': 3}, {'width': 1.}])
def test_run_is_not_resumed_with_another_net(run_dir, changed):
    with pytest.raises(UserError, match=list(changed)[0]):
        check_same_run(run_dir, NET._replace(**changed))


def test_run_is_not_resumed_with_other_classes(run_dir):
    others = (CLASSES[0], CLASSES[1]._replace(name='car'))
    with pytest.raises(UserError, match="class 1 is 'cat' there and 'car' now.*--init_from.*--data_dir.*config.json"):
        check_same_run(run_dir, NET._replace(classes=others))


def test_best_checkpoint_alone_counts_as_a_run(run_dir):
    os.mkdir(os.path.join(run_dir, 'best'))
    for name in ('model.ckpt-1.index', 'model.ckpt-1.data-00000-of-00001'):
        os.rename(os.path.join(run_dir, name), os.path.join(run_dir, 'best', name))
    with pytest.raises(UserError, match='width'):
        check_same_run(run_dir, NET._replace(width=1.))


def test_run_may_be_resumed_with_other_colours(run_dir):
    check_same_run(run_dir, NET)
    check_same_run(run_dir, NET._replace(classes=(CLASSES[0], CLASSES[1]._replace(colour=(9, 9, 9)))))


def test_folder_without_a_checkpoint_is_free_for_any_run(logs_dir):
    check_same_run(logs_dir, NET._replace(net='fcn8s_paper', width=1.))


def test_config_holds_the_command(logs_dir):
    with open(config_path(logs_dir)) as file:
        assert json.load(file)['command']


@pytest.mark.parametrize('changed, words', [
    ({'width': 1e300}, r'width is 1e\+300'), ({'width': float('nan')}, 'width is nan'),
    ({'width': True}, 'width is True'),
    ({'width': '1'}, "width is '1'"), ({'num_classes': 10**10}, 'num_classes is 10000000000'),
    ({'net': None}, 'net is None'), ({'flags': []}, r'flags is \[\]'),
    ({'flags': {'ignore_label': 300}}, 'flag ignore_label is 300')])
def test_value_that_no_run_would_write_is_named(logs_dir, changed, words):
    config = dict(read_config(logs_dir), **changed)
    with open(config_path(logs_dir), 'w') as file:
        json.dump(config, file)
    with pytest.raises(UserError, match=f'config.json is not the config of a training run: .*{words}'):
        read_config(logs_dir)


@pytest.mark.parametrize('text, words', [('[' * 100000, 'nested too deeply'), ('\0' * 100, 'cannot be read'),
                                         ('{"width": ' + '9' * 5000 + '}', 'a number of 5000 digits')])
def test_file_that_is_not_json_is_named(logs_dir, text, words):
    with open(config_path(logs_dir), 'w') as file:
        file.write(text)
    with pytest.raises(UserError, match=f'config.json cannot be read: .*{words}' if 'read' not in words else words):
        read_config(logs_dir)
