"""A run whose small files a power cut damaged: it resumes, and reports what was lost."""
import json
import os

import pytest
from small_net import Net

from fcn8s.utils.errors import UserError
from fcn8s.utils.history import read_rows, recover_rows
from fcn8s.weights.checkpoints import listed_checkpoints, rebuild_list

COLUMNS = ('step', 'loss')
WHOLE = b'step,loss\r\n0,0.5\r\n10,0.25\r\n'
DAMAGED = [b'', bytes(30), b'model_check', b'model_checkpoint_path: "mo', b'\xff\xfe']


@pytest.mark.parametrize('left', DAMAGED)
@pytest.mark.parametrize('best', [False, True])
def test_damaged_list_is_rebuilt_and_reported(tmp_path, left, best, capsys):
    net = Net(tmp_path)
    net.save(3)
    net.save(5)
    net.saver.save_if_best(net.session, 5, 0.5)
    folder = tmp_path / 'best' if best else tmp_path
    (folder / 'checkpoint').write_bytes(left)
    again = Net(tmp_path)
    assert again.saver.resume(again.session).endswith('model.ckpt-5')
    assert listed_checkpoints(str(folder)) == (['model.ckpt-5'] if best else ['model.ckpt-3', 'model.ckpt-5'])
    assert f'{folder / "checkpoint"} was damaged' in capsys.readouterr().out


def test_rebuilding_the_list_deletes_no_checkpoint(tmp_path):
    net = Net(tmp_path)
    for step in (1, 2, 3):
        net.save(step)
    (tmp_path / 'checkpoint').write_bytes(b'')
    again = Net(tmp_path, keep=2)
    again.saver.resume(again.session)
    assert listed_checkpoints(str(tmp_path)) == ['model.ckpt-2', 'model.ckpt-3']
    assert (tmp_path / 'model.ckpt-1.index').exists()


def test_intact_list_is_not_rebuilt(tmp_path):
    Net(tmp_path).save(3)
    assert rebuild_list(str(tmp_path), 5) == []


@pytest.mark.parametrize('left, steps', [
    (WHOLE, [0, 10]), (b'', []), (bytes(40), []), (b'step,lo', []), (WHOLE[:-4], [0]),
    (WHOLE + bytes(9), [0, 10]), (WHOLE + b'20,\0\0\0\r\n30,1\r\n', [0, 10]), (WHOLE + b'\xff\r\n', [0, 10])])
def test_rows_above_the_damage_are_read(tmp_path, left, steps):
    (tmp_path / 'a.csv').write_bytes(left)
    rows, damage = read_rows(str(tmp_path / 'a.csv'), COLUMNS)
    assert [row['step'] for row in rows] == steps and bool(damage) == (left != WHOLE)


def test_damaged_rows_are_reported_and_kept_aside(tmp_path, capsys):
    path = tmp_path / 'training.csv'
    path.write_bytes(WHOLE + b'20,0.1')
    assert recover_rows(str(path), COLUMNS)[-1] == {'step': 10, 'loss': 0.25}
    assert (tmp_path / 'training.csv.damaged').read_bytes() == WHOLE + b'20,0.1'
    shown = capsys.readouterr().out
    assert 'line 4 is cut' in shown and 'its 2 rows up to step 10 are kept' in shown
    recover_rows(str(path), COLUMNS)
    assert capsys.readouterr().out == ''  # the file is whole again


def test_file_with_other_columns_is_refused(tmp_path):
    (tmp_path / 'a.csv').write_text('name\nx\n')
    with pytest.raises(UserError, match="a.csv cannot be read: its first line is 'name'"):
        recover_rows(str(tmp_path / 'a.csv'), COLUMNS)


def spoil_score(tmp_path, left):
    net = Net(tmp_path)
    net.save(5)
    net.saver.save_if_best(net.session, 5, 0.5)
    (tmp_path / 'best' / 'score.json').write_bytes(left)


@pytest.mark.parametrize('left', [b'', bytes(9), b'{"step": 1'])
def test_damaged_score_of_the_best_is_restored_from_validation_csv(tmp_path, left):
    spoil_score(tmp_path, left)
    (tmp_path / 'validation.csv').write_text('step,loss,pixel_accuracy,mean_iu\n5,1,0.9,0.5\n')
    again = Net(tmp_path)
    again.saver.resume(again.session)
    assert json.loads((tmp_path / 'best' / 'score.json').read_text()) == {'step': 5, 'mean_iu': 0.5}


def test_damaged_score_without_validation_csv_stops_the_start(tmp_path):
    spoil_score(tmp_path, b'')
    again = Net(tmp_path)
    with pytest.raises(UserError, match='score.json cannot be read'):
        again.saver.resume(again.session)


def test_checkpoint_is_flushed_to_disk_before_it_is_listed(tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace

    def name_of(descriptor):
        return os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))
    if not os.path.isdir('/proc/self/fd'):
        pytest.skip('needs /proc')
    monkeypatch.setattr(os, 'fsync', lambda descriptor: [done.append(name_of(descriptor)), fsync(descriptor)])
    monkeypatch.setattr(os, 'replace', lambda old, new: [done.append('named ' + os.path.basename(new)),
                                                         replace(old, new)])
    Net(tmp_path).save(5)
    before = done[:done.index('named checkpoint')]
    assert {'model.ckpt-5.index', 'model.ckpt-5.data-00000-of-00001', tmp_path.name} <= set(before)
