import os

import pytest

from fcn8s.data.classes import find_classes, generic_classes, read_classes
from fcn8s.utils.errors import DataError

HEADER = 'index,name,red,green,blue\n'


def classes_file(folder, content, encoding='utf-8'):
    path = os.path.join(str(folder), 'classes.csv')
    with open(path, 'wb') as file:
        file.write(content.encode(encoding))
    return path


@pytest.mark.parametrize('start', ['', '\ufeff'])
def test_classes_are_read_with_names_as_they_stand(tmp_path, start):
    path = classes_file(tmp_path, start + HEADER + '0,others,0,0,0\n1,building;edifice,180,120,255\n'
                        '2,"wall, old",1,2,3\n')
    assert read_classes(path) == ((0, 'others', (0, 0, 0)), (1, 'building;edifice', (180, 120, 255)),
                                  (2, 'wall, old', (1, 2, 3)))


def test_further_columns_blank_lines_and_windows_line_ends_are_fine(tmp_path):
    path = classes_file(tmp_path, 'index,name,red,green,blue,stuff\r\n0,a,1,2,3,yes\r\n\r\n1,b,4,5,6,\r\n')
    assert [info.name for info in read_classes(path)] == ['a', 'b']


@pytest.mark.parametrize('content, words', [
    ('', ['line 1', 'index,name,red,green,blue']),
    ('0,a,1,2,3\n', ['line 1', "'0,a,1,2,3'"]),
    ('index;name;red;green;blue\n0;a;1;2;3\n', ['line 1', 'commas']),
    (HEADER, ['classes 0', '2 to 256']),
    (HEADER + '0,cat,1,2,3\n', ['classes 1, expected 2 to 256', 'background needs a line of its own']),
    (HEADER + '1,a,1,2,3\n', ['line 2', 'index is 1, expected 0']),
    (HEADER + '0,a,1,2,3\n\n2,b,1,2,3\n', ['line 4', 'index is 2, expected 1']),
    (HEADER + '0,a,1,2,256\n', ['line 2', '1,2,256', '0 to 255']),
    (HEADER + '0,a,1,-2,3\n', ['line 2', '1,-2,3']),
    (HEADER + '0,a,1,2\n', ['line 2', "'0,a,1,2'"]),
    (HEADER + '0,a,1,2,x\n', ['line 2', 'whole numbers']),
    (HEADER + '0, ,1,2,3\n', ['line 2', 'name is empty']),
    (HEADER + ''.join(f'{n},c{n},0,0,0\n' for n in range(257)), ['classes 257', '2 to 256']),
])
def test_faults_in_the_class_list_name_file_and_line(tmp_path, content, words):
    path = classes_file(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_classes(path)
    for word in [path] + words:
        assert word in str(caught.value)


def test_class_list_that_is_not_utf8_names_the_line(tmp_path):
    path = classes_file(tmp_path, HEADER + '0,a,1,2,3\n1,Straße,1,2,3\n', encoding='latin-1')
    with pytest.raises(DataError, match='classes.csv, line 3: not UTF-8'):
        read_classes(path)


def test_class_list_may_stand_beside_the_folder(tmp_path):
    classes_file(tmp_path, HEADER + '0,a,1,2,3\n1,b,4,5,6\n')
    data_dir = tmp_path / 'DATA'
    data_dir.mkdir()
    assert find_classes(str(data_dir) + os.sep) == ((0, 'a', (1, 2, 3)), (1, 'b', (4, 5, 6)))


def test_class_list_inside_the_folder_comes_first(tmp_path):
    classes_file(tmp_path, HEADER + '0,outside,1,2,3\n1,b,4,5,6\n')
    data_dir = tmp_path / 'DATA'
    data_dir.mkdir()
    classes_file(data_dir, HEADER + '0,inside,1,2,3\n1,b,4,5,6\n')
    assert find_classes(str(data_dir), 2)[0].name == 'inside'


def test_number_that_contradicts_the_class_list_is_refused(tmp_path):
    path = classes_file(tmp_path, HEADER + '0,a,1,2,3\n1,b,4,5,6\n')
    with pytest.raises(DataError) as caught:
        find_classes(str(tmp_path), 151)
    for word in (path, '2 classes', '151'):
        assert word in str(caught.value)


def test_number_alone_gives_classes_in_pascal_voc_colours(tmp_path):
    # the first colours and the last, as the PASCAL VOC devkit and its ImageSets document them
    classes = find_classes(str(tmp_path / 'DATA'), 22)
    assert classes[0] == (0, 'class 0', (0, 0, 0))
    assert classes[1].colour == (128, 0, 0)  # aeroplane
    assert classes[6].colour == (0, 128, 128)  # bus
    assert classes[9].colour == (192, 0, 0)  # chair
    assert classes[15].colour == (192, 128, 128)  # person
    assert classes[20].colour == (0, 64, 128)  # tv/monitor
    assert generic_classes(256)[255].colour == (224, 224, 192)  # void


@pytest.mark.parametrize('num_classes', [0, -1, 257])
def test_number_of_classes_must_fit_a_byte(num_classes):
    with pytest.raises(DataError, match=f'{num_classes}, expected 1 to 256'):
        generic_classes(num_classes)


def test_neither_class_list_nor_number_shows_an_example(tmp_path):
    with pytest.raises(DataError) as caught:
        find_classes(str(tmp_path / 'DATA'))
    assert os.path.join(str(tmp_path / 'DATA'), 'classes.csv') in str(caught.value)
    assert HEADER in str(caught.value)
