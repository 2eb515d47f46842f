import os

import pytest

from read_data import DataError, Record
from runs.list_file import read_list

PHOTOS = ('training/a.jpg', 'training/b c.PNG', 'validation/a.jpg')


@pytest.fixture
def data_dir(tmp_path):
    """Three photos and their annotations, all files empty."""
    data_dir = tmp_path / 'ADEChallengeData2016'
    for photo in PHOTOS:
        for name in (os.path.join('images', photo), os.path.join('annotations', os.path.splitext(photo)[0] + '.png')):
            path = data_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('')
    return str(data_dir)


def write(tmp_path, text):
    path = tmp_path / 'list.txt'
    path.write_bytes(text if isinstance(text, bytes) else text.encode('utf-8'))
    return str(path)


def record(data_dir, split, photo, annotation):
    return Record(os.path.join(data_dir, 'images', split, photo),
                  os.path.join(data_dir, 'annotations', split, annotation))


def test_records_are_in_the_order_of_the_list(tmp_path, data_dir):
    path = write(tmp_path, 'validation/a.jpg\ntraining/b c.PNG\ntraining/a.jpg\n')
    assert read_list(path, data_dir) == (record(data_dir, 'validation', 'a.jpg', 'a.png'),
                                         record(data_dir, 'training', 'b c.PNG', 'b c.png'),
                                         record(data_dir, 'training', 'a.jpg', 'a.png'))


@pytest.mark.parametrize('line', ['images/training/a.jpg', 'ADEChallengeData2016/images/training/a.jpg',
                                  '/data/images/training/a.jpg', 'training\\a.jpg', '  training/a.jpg  '])
def test_other_spellings_of_a_path_are_understood(tmp_path, data_dir, line):
    assert read_list(write(tmp_path, line), data_dir) == (record(data_dir, 'training', 'a.jpg', 'a.png'),)


def test_byte_order_mark_windows_line_ends_and_blank_lines_are_skipped(tmp_path, data_dir):
    path = write(tmp_path, b'\xef\xbb\xbftraining/a.jpg\r\n\r\nvalidation/a.jpg\r\n')
    assert [os.path.dirname(r.image) for r in read_list(path, data_dir)] == [
        os.path.join(data_dir, 'images', split) for split in ('training', 'validation')]


def test_missing_photo_and_missing_annotation_are_named_with_their_lines(tmp_path, data_dir):
    os.remove(os.path.join(data_dir, 'annotations', 'training', 'a.png'))
    path = write(tmp_path, 'training/a.jpg\n\ntraining/none.jpg\n')
    with pytest.raises(DataError) as error:
        read_list(path, data_dir)
    lines = str(error.value).splitlines()
    assert lines[0] == f'{path}: 3 of its files are missing:'
    assert lines[1] == '    line 1: ' + os.path.join(data_dir, 'annotations', 'training', 'a.png')
    assert lines[2] == '    line 3: ' + os.path.join(data_dir, 'images', 'training', 'none.jpg')


def test_of_many_missing_files_a_few_are_shown(tmp_path, data_dir):
    with pytest.raises(DataError) as error:
        read_list(write(tmp_path, ''.join(f'training/{i}.jpg\n' for i in range(100))), data_dir)
    assert '200 of its files' in str(error.value)
    assert len(str(error.value).splitlines()) < 10


@pytest.mark.parametrize('line', ['training/../../secret.jpg', '/etc/photo.jpg', 'training/a', 'training//a.jpg',
                                  '{"fpath_img": "training/a.jpg"}', 'images/../a.jpg'])
def test_what_is_no_path_below_images_is_refused_with_its_line(tmp_path, data_dir, line):
    with pytest.raises(DataError, match=r'list\.txt, line 2: expected the path of a photo'):
        read_list(write(tmp_path, 'training/a.jpg\n' + line), data_dir)


@pytest.mark.parametrize('content, reason', [(b'\xff\xfe', 'not UTF-8'), (b'\n\n', 'lists no photos')])
def test_file_that_is_no_list_is_refused(tmp_path, data_dir, content, reason):
    with pytest.raises(DataError, match=reason):
        read_list(write(tmp_path, content), data_dir)


def test_missing_list_is_named(tmp_path, data_dir):
    with pytest.raises(DataError, match=r'none\.txt cannot be read'):
        read_list(str(tmp_path / 'none.txt'), data_dir)


def test_missing_files_are_left_out_where_bad_ones_are(tmp_path, data_dir):
    os.remove(os.path.join(data_dir, 'annotations', 'training', 'a.png'))
    path = write(tmp_path, 'training/a.jpg\ntraining/none.jpg\nvalidation/a.jpg\n')
    bad = {}
    assert read_list(path, data_dir, bad) == (record(data_dir, 'validation', 'a.jpg', 'a.png'),)
    images = [os.path.join(data_dir, 'images', 'training', name) for name in ('a.jpg', 'none.jpg')]
    assert sorted(bad) == images
    assert bad[images[0]].endswith(f'line 1: there is no {os.path.join(data_dir, "annotations", "training", "a.png")}')
    assert bad[images[1]].endswith('none.png') and 'line 2: there is no ' + images[1] in bad[images[1]]


def test_list_of_missing_files_alone_is_refused_in_any_case(tmp_path, data_dir):
    with pytest.raises(DataError, match='2 of its files are missing'):
        read_list(write(tmp_path, 'training/none.jpg'), data_dir, {})
