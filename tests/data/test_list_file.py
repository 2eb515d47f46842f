import itertools
import json
import os
import shutil
import unicodedata

import pytest

from fcn8s.data.list_file import read_list
from fcn8s.data.records import Record
from fcn8s.utils.errors import DataError

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
                                  '/data/images/training/a.jpg', 'training\\a.jpg', '  training/a.jpg  ',
                                  './training/a.jpg', 'training/a.JPG'])
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
    assert lines[0] == f'{path}: 2 of its 2 photos cannot be used:'
    assert lines[1] == '    line 1: there is no ' + os.path.join(data_dir, 'annotations', 'training', 'a.png')
    assert lines[2].startswith('    line 3: there is no ' + os.path.join(data_dir, 'images', 'training', 'none.jpg'))


def test_of_many_missing_files_a_few_are_shown(tmp_path, data_dir):
    with pytest.raises(DataError) as error:
        read_list(write(tmp_path, ''.join(f'training/{i}.jpg\n' for i in range(100))), data_dir)
    assert '100 of its 100 photos' in str(error.value)
    assert len(str(error.value).splitlines()) < 10


@pytest.mark.parametrize('line', ['training/../../secret.jpg', '/etc/photo.jpg', 'training/a', 'training//a.jpg',
                                  '{"fpath_img": "training/a.jpg"}', 'images/../a.jpg', 'a\0.jpg'])
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
    with pytest.raises(DataError, match='1 of its 1 photos cannot be used'):
        read_list(write(tmp_path, 'training/none.jpg'), data_dir, {})


def rename(data_dir, kind, old, new):
    os.rename(os.path.join(data_dir, kind, old), os.path.join(data_dir, kind, new))


@pytest.mark.parametrize('name', ['a.PNG', 'a.tif', 'a.TIFF', 'a.bmp'])
def test_annotation_is_found_by_any_ending_that_the_folder_listing_finds(tmp_path, data_dir, name):
    rename(data_dir, 'annotations', 'training/a.png', 'training/' + name)
    assert read_list(write(tmp_path, 'training/a.jpg'), data_dir) == (record(data_dir, 'training', 'a.jpg', name),)


@pytest.mark.parametrize('listed, image, annotation', itertools.product(('NFC', 'NFD'), repeat=3))
def test_composed_and_decomposed_names_are_the_same(tmp_path, data_dir, listed, image, annotation):
    line, image, annotation = (unicodedata.normalize(form, 'été') for form in (listed, image, annotation))
    rename(data_dir, 'images', 'training/a.jpg', f'training/{image}.jpg')
    rename(data_dir, 'annotations', 'training/a.png', f'training/{annotation}.png')
    path = write(tmp_path, f'training/{line}.jpg')
    assert read_list(path, data_dir) == (record(data_dir, 'training', image + '.jpg', annotation + '.png'),)


def test_folder_is_found_by_the_other_unicode_form(tmp_path, data_dir):
    composed, decomposed = (unicodedata.normalize(form, 'été') for form in ('NFC', 'NFD'))
    for kind in ('images', 'annotations'):
        rename(data_dir, kind, 'training', decomposed)
    path = write(tmp_path, composed + '/a.jpg')
    assert read_list(path, data_dir) == (record(data_dir, decomposed, 'a.jpg', 'a.png'),)


def test_spaces_around_a_name_count_where_there_is_such_a_file(tmp_path, data_dir):
    rename(data_dir, 'images', 'training', ' training')
    rename(data_dir, 'annotations', 'training', ' training')
    assert read_list(write(tmp_path, ' training/a.jpg\r\n'), data_dir) == (
        record(data_dir, ' training', 'a.jpg', 'a.png'),)


def test_folder_of_images_may_be_called_images(tmp_path, data_dir):
    rename(data_dir, 'images', 'training', 'images')
    rename(data_dir, 'annotations', 'training', 'images')
    assert read_list(write(tmp_path, 'images/a.jpg'), data_dir) == (record(data_dir, 'images', 'a.jpg', 'a.png'),)


def test_two_annotations_of_one_name_are_refused(tmp_path, data_dir):
    shutil.copyfile(os.path.join(data_dir, 'annotations', 'training', 'a.png'),
                    os.path.join(data_dir, 'annotations', 'training', 'a.tif'))
    with pytest.raises(DataError, match=r'line 1: .*a\.png and .*a\.tif have one name; keep one'):
        read_list(write(tmp_path, 'training/a.jpg'), data_dir)


def test_annotation_of_a_format_that_is_not_read_is_named(tmp_path, data_dir):
    rename(data_dir, 'annotations', 'training/a.png', 'training/a.gif')
    with pytest.raises(DataError, match=r'there is no .*a\.png, but .*a\.gif, which is not read'):
        read_list(write(tmp_path, 'training/a.jpg'), data_dir)


def test_device_is_refused(data_dir):
    with pytest.raises(DataError, match='/dev/zero is a pipe or a device; expected a text file'):
        read_list('/dev/zero', data_dir)


def test_folder_is_refused(tmp_path, data_dir):
    with pytest.raises(DataError, match='is a folder; expected a text file'):
        read_list(str(tmp_path), data_dir)


def test_pipe_that_nobody_writes_to_is_refused_without_waiting(tmp_path, data_dir):
    os.mkfifo(str(tmp_path / 'pipe'))
    with pytest.raises(DataError, match='is a pipe or a device'):
        read_list(str(tmp_path / 'pipe'), data_dir)


def test_huge_file_is_refused_unread(tmp_path, data_dir):
    with open(write(tmp_path, ''), 'r+b') as file:
        file.truncate(10 * 2 ** 30)  # takes no space
    with pytest.raises(DataError, match='has 10737418240 bytes; at most 100000000 are read'):
        read_list(file.name, data_dir)


def test_of_a_long_line_the_beginning_is_shown(tmp_path, data_dir):
    with pytest.raises(DataError) as error:
        read_list(write(tmp_path, b'\0' * 10 ** 6), data_dir)
    assert len(str(error.value)) < 1000


def write_odgt(tmp_path, *lines):
    path = tmp_path / 'training.odgt'
    path.write_text('\n'.join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return str(path)


def item(image, annotation):
    return {'fpath_img': image, 'fpath_segm': annotation, 'width': 683, 'height': 512}


@pytest.mark.parametrize('root', ['ADEChallengeData2016/', '', '/data/'])
def test_odgt_names_photo_and_annotation(tmp_path, data_dir, root):
    path = write_odgt(tmp_path, item(root + 'images/validation/a.jpg', root + 'annotations/training/b c.png'),
                      item(root + 'images/training/a.jpg', root + 'annotations/training/a.png'))
    images, annotations = (os.path.join(data_dir, kind) for kind in ('images', 'annotations'))
    assert read_list(path, data_dir) == (
        Record(os.path.join(images, 'validation', 'a.jpg'), os.path.join(annotations, 'training', 'b c.png')),
        Record(os.path.join(images, 'training', 'a.jpg'), os.path.join(annotations, 'training', 'a.png')))


def test_missing_annotation_of_an_odgt_is_named(tmp_path, data_dir):
    path = write_odgt(tmp_path, item('images/training/a.jpg', 'annotations/training/none.png'))
    with pytest.raises(DataError, match='line 1: there is no .*none.png'):
        read_list(path, data_dir)


@pytest.mark.parametrize('line', ['training/a.jpg', '[1]', '{"fpath_img": "images/training/a.jpg"}', '[' * 9999,
                                  item('images/training/a.jpg', '../a.png'), item('images/training/a.jpg', 5),
                                  item('images/training/a.jpg', 'annotations/training/a.jpg')])
def test_line_that_is_no_item_of_an_odgt_is_refused(tmp_path, data_dir, line):
    path = write_odgt(tmp_path, item('images/training/a.jpg', 'annotations/training/a.png'), line)
    with pytest.raises(DataError, match=r'training\.odgt, line 2: expected a JSON object .*, found \'') as error:
        read_list(path, data_dir)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize('image', [5, None, '../a.jpg', 'a.txt'])
def test_photo_of_an_odgt_that_is_no_path_is_refused(tmp_path, data_dir, image):
    with pytest.raises(DataError, match=r'training\.odgt, line 1: expected'):
        read_list(write_odgt(tmp_path, item(image, 'annotations/training/a.png')), data_dir)
