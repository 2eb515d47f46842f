"""CVAT for images 1.1: one annotations.xml about all photos."""
import numpy as np
import pytest
from export_files import class_colours, class_names, convert, counts, ids, photo, split_of

from Data_zoo.CVAT import prepare as cvat
from fcn8s.data.annotations import read_annotation
from fcn8s.utils.errors import UserError

META = '''<meta><task><id>1</id><name>pets</name><size>2</size><mode>annotation</mode><labels>
<label><name>dog</name><color>#143cdc</color><type>any</type><attributes></attributes></label>
<label><name>cat</name><color>#dc3c14</color><type>any</type><attributes></attributes></label>
</labels></task><dumped>2024-05-01</dumped></meta>'''
SQUARE = '<polygon label="{}" occluded="0" points="2.00,1.00;6.00,1.00;6.00,4.00;2.00,4.00" z_order="{}"/>'
MASK = '<mask label="cat" occluded="0" rle="1, 2, 1, 2" left="4" top="2" width="3" height="2" z_order="0"/>'


def square(label='cat', z_order=0):
    """4 x 3 pixels, from column 2 and row 1."""
    return SQUARE.format(label, z_order)


def write(folder, images, name='annotations.xml', more=''):
    """annotations.xml about photos of 8 x 10 pixels, {name: its elements}."""
    folder.mkdir(exist_ok=True, parents=True)
    elements = ''.join(f'<image id="{i}" name="{image}" {more} width="10" height="8">{content}</image>'
                       for i, (image, content) in enumerate(images.items()))
    (folder / name).write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{META}'
                               f'{elements}</annotations>', encoding='utf-8')


def converted(tmp_path, content, *arguments):
    """The data set of a.jpg, which has this content, and b.jpg, which has a square cat."""
    for name in 'ab':
        photo(tmp_path / 'export' / 'images' / 'default' / (name + '.jpg'))
    write(tmp_path / 'export', {'a.jpg': content, 'b.jpg': square()})
    return convert(cvat, tmp_path / 'export', tmp_path / 'data', *arguments)


def test_polygon_with_the_names_and_colours_of_the_labels(tmp_path):
    data = converted(tmp_path, square())
    assert counts(data, 'a') == {0: 68, 2: 12}
    assert class_names(data) == ['others', 'dog', 'cat'] and class_colours(data)[1:] == [(20, 60, 220), (220, 60, 20)]


def test_mask_is_stored_row_by_row_within_its_box(tmp_path):
    found = ids(converted(tmp_path, MASK), 'a')
    assert found[2:4, 4:7].tolist() == [[0, 2, 2], [0, 2, 2]] and found.sum() == 8


@pytest.mark.parametrize('rle, pixels', [('1, 2', 2), ('1, 2, 1', 2), ('0', 0), ('0, 1', 1)])
def test_mask_may_leave_out_what_is_outside_at_its_end(tmp_path, rle, pixels):
    assert (ids(converted(tmp_path, MASK.replace('1, 2, 1, 2', rle)), 'a') == 2).sum() == pixels


def test_box_and_ellipse(tmp_path):
    data = converted(tmp_path, '<box label="dog" xtl="2.00" ytl="3.00" xbr="6.00" ybr="5.00" rotation="90.00" '
                     'z_order="0"/><ellipse label="cat" cx="8.00" cy="6.00" rx="2.00" ry="1.00" z_order="0"/>')
    found = ids(data, 'a')
    assert (found[2:6, 3:5] == 1).all() and counts(data, 'a') == {0: 80 - 8 - 8, 1: 8, 2: 8}


@pytest.mark.parametrize('orders, expected', [((0, 0), {0: 68, 1: 12}), ((1, 0), {0: 68, 2: 12})])
def test_higher_z_order_covers_and_then_the_later_one(tmp_path, orders, expected):
    assert counts(converted(tmp_path, square('cat', orders[0]) + square('dog', orders[1])), 'a') == expected


def test_lines_are_left_out_and_counted(tmp_path, capsys):
    converted(tmp_path, '<polyline label="dog" points="1,1;2,2" z_order="0"/><points label="dog" points="1,1"/>')
    assert '1 polylines, 1 points' in capsys.readouterr().out


def test_names_of_any_script_and_folders(tmp_path):
    photo(tmp_path / 'export' / 'images' / 'улица' / 'é.jpg')
    photo(tmp_path / 'export' / 'images' / 'b.jpg')
    write(tmp_path / 'export', {'улица/e\u0301.jpg': square('собака'), 'b.jpg': square()})
    data = convert(cvat, tmp_path / 'export', tmp_path / 'data')
    assert class_names(data) == ['others', 'dog', 'cat', 'собака'] and counts(data, 'é') == {0: 68, 3: 12}


def test_subsets_are_kept(tmp_path):
    for split, name in (('Train', 'a'), ('Validation', 'b')):
        photo(tmp_path / 'export' / 'images' / split / (name + '.jpg'))
        write(tmp_path / 'export', {name + '.jpg': square()}, name=split + '.xml', more=f'subset="{split}"')
    data = convert(cvat, tmp_path / 'export', tmp_path / 'data')
    assert (split_of(data, 'a'), split_of(data, 'b')) == ('training', 'validation')


def test_photos_of_one_name_in_two_subsets(tmp_path):
    for split, label in (('Train', 'cat'), ('Validation', 'dog')):
        photo(tmp_path / 'export' / 'images' / split / 'a.jpg')
        write(tmp_path / 'export', {'a.jpg': square(label)}, name=split + '.xml', more=f'subset="{split}"')
    data = convert(cvat, tmp_path / 'export', tmp_path / 'data')
    masks = (tmp_path / 'data').glob('annotations/*/*.png')
    found = {path.parent.name: read_annotation(str(path)).max() for path in masks}
    assert found == {'training': 2, 'validation': 1} and class_names(data) == ['others', 'dog', 'cat']


def test_labels_of_points_are_no_classes(tmp_path):
    photo(tmp_path / 'export' / 'a.jpg')
    photo(tmp_path / 'export' / 'b.jpg')
    write(tmp_path / 'export', {'a.jpg': square(), 'b.jpg': square()})
    path = tmp_path / 'export' / 'annotations.xml'
    eye = '<label><name>eye</name><type>points</type></label>'
    path.write_text(path.read_text().replace('</labels>', eye + '</labels>'))
    assert class_names(convert(cvat, tmp_path / 'export', tmp_path / 'data')) == ['others', 'dog', 'cat']


def test_mask_whose_runs_do_not_fill_it_is_named(tmp_path):
    with pytest.raises(UserError, match=r'a\.jpg: .* cannot be drawn: runs of 7 pixels for a mask of 2 x 3'):
        converted(tmp_path, MASK.replace('1, 2, 1, 2', '1, 2, 4'))


@pytest.mark.parametrize('text, message', [
    ('<annotations><track/></annotations>', 'is "CVAT for video"'), ('<annotations>', 'cannot be read as XML'),
    ('<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', 'declares entities'),
    ('<annotations><image name="a.jpg"/></annotations>', "KeyError: 'height'")])
def test_files_of_another_form_are_refused(tmp_path, text, message):
    (tmp_path / 'a.xml').write_text(text)
    with pytest.raises(UserError, match=message):
        convert(cvat, tmp_path / 'a.xml', tmp_path / 'data')


def test_entities_in_another_encoding_are_refused(tmp_path):
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a []><annotations/>'
    (tmp_path / 'a.xml').write_bytes(text.encode('utf-16'))
    with pytest.raises(UserError, match='cannot be read as XML in UTF-8'):
        convert(cvat, tmp_path / 'a.xml', tmp_path / 'data')


def test_folder_without_cvats_xml_is_refused(tmp_path):
    (tmp_path / 'a.xml').write_text('<other/>')
    with pytest.raises(UserError, match='no XML file of CVAT'):
        convert(cvat, tmp_path, tmp_path / 'data')


def test_mask_beyond_the_edge_is_cut(tmp_path):
    data = converted(tmp_path, MASK.replace('left="4"', 'left="8"'))
    assert np.argwhere(ids(data, 'a')).tolist() == [[2, 9], [3, 9]]
