"""Class weights: by frequency, and from a file."""
import numpy as np
import pytest
from data_sets import dataset_of
from image_files import save

from fcn8s.data.records import Record
from fcn8s.training.class_weights import class_weights, median_frequency_weights, read_class_weights
from fcn8s.utils.errors import DataError, UserError


@pytest.fixture
def records(tmp_path):
    """Three annotations: 20 pixels of class 0; 10 of 0 and 10 of 1; 5 of 1, 15 of 2 and 20 of 255."""
    def record(name, *counts):
        ids = np.concatenate([np.full(count, label, np.uint8) for label, count in counts])
        return Record('unread.jpg', save(str(tmp_path / name), ids.reshape(4, -1)))

    return [record('a.png', (0, 20)), record('b.png', (0, 10), (1, 10)), record('c.png', (1, 5), (2, 15), (255, 20))]


# Frequencies without 255: class 0 30 / (20 + 20) = 3/4, class 1 15 / (20 + 20) = 3/8, class 2 15 / 20 = 3/4.
# Their median is 3/4.
def test_median_frequency_by_hand(records):
    assert median_frequency_weights(dataset_of(records, 3, 255), ignored=(255,)) == pytest.approx([1, 2, 1])


def test_median_of_an_even_number_of_classes_is_the_mean_of_two(records):
    # of a.png and b.png alone: 3/4 and 10 / 20, with the median 5/8
    assert median_frequency_weights(dataset_of(records[:2], 2)) == pytest.approx([5 / 6, 5 / 4])


def test_class_that_never_occurs_does_not_count(records):
    assert median_frequency_weights(dataset_of(records[:2], 4)) == pytest.approx([5 / 6, 5 / 4, 1, 1])


def test_ignored_class_does_not_count(records):
    # without class 0: class 1 15 / (10 + 20) = 1/2, class 2 15 / 20 = 3/4, with the median 5/8
    assert median_frequency_weights(dataset_of(records, 3, 255), ignored=(0, 255)) == pytest.approx([1, 5 / 4, 5 / 6])


def test_weights_do_not_depend_on_threads(records):
    one, four = (median_frequency_weights(dataset_of(records, 3, 255), (255,), num_threads) for num_threads in (1, 4))
    assert one == four


def test_id_without_a_class_is_named(records):
    with pytest.raises(DataError, match='c.png holds the ids 255'):
        median_frequency_weights(dataset_of(records, 3))


def test_all_ignored_is_an_error(records):
    with pytest.raises(UserError, match='all pixels of the 1 annotations are ignored'):
        median_frequency_weights(dataset_of(records[:1], 3, 0), ignored=(0,))


@pytest.mark.parametrize('choice', ['none', ''])
def test_none_gives_no_weights(choice):
    assert class_weights(choice, dataset_of([], 3)) is None


def test_median_frequency_is_a_choice(records):
    assert class_weights('median_frequency', dataset_of(records[:2])) == pytest.approx([5 / 6, 5 / 4])


def write(folder, text, encoding='utf-8'):
    path = folder / 'weights.csv'
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize('text', ['index,weight\n0,0.5\n1,0\n2,3\n', 'index,weight\r\n2,3\r\n\r\n0,.5\r\n1,0',
                                  '\ufeffIndex, Weight\n0, 0.5\n1, 0\n2, 3\n'])
def test_file_of_weights(tmp_path, text):
    assert class_weights(write(tmp_path, text), dataset_of([], 3)) == [0.5, 0., 3.]


@pytest.mark.parametrize('text, words', [
    ('', 'line 1: the first line must be index,weight'),
    ('0,1\n1,1\n', "line 1: the first line must be index,weight, found '0,1'"),
    ('index,weight\n0,1\n1,much\n', "line 3: expected two numbers, index,weight, found '1,much'"),
    ('index,weight\n0,1,2\n', "line 2: expected two numbers, index,weight, found '0,1,2'"),
    ('index,weight\n0.5,1\n', 'line 2: expected two numbers'),
    ('index,weight\n0,1\n\n2,1\n', 'line 4: class 2 does not exist; the classes are 0 to 1'),
    ('index,weight\n-1,1\n', 'line 2: class -1 does not exist'),
    ('index,weight\n0,-1\n', 'line 2: the weight is -1, expected 0 or more'),
    ('index,weight\n0,inf\n', 'line 2: the weight is inf'),
    ('index,weight\n0,nan\n', 'line 2: the weight is nan'),
    ('index,weight\n0,1\n0,1\n', 'line 3: class 0 already has a weight'),
    ('index,weight\n1,1\n', 'no weight for 1 of 2 classes: 0.'),
    ('index,weight\n0,0\n1,0\n', 'all weights are 0')])
def test_fault_in_the_file_is_named(tmp_path, text, words):
    path = write(tmp_path, text)
    with pytest.raises(UserError) as caught:
        read_class_weights(path, 2)
    assert str(caught.value).startswith(path)
    assert words in str(caught.value)


def test_long_list_of_missing_classes_is_shortened(tmp_path):
    with pytest.raises(UserError, match=r'149 of 150 classes: 1, 2, 3, 4, 5 and 144 more\.'):
        read_class_weights(write(tmp_path, 'index,weight\n0,1\n'), 150)


def test_file_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(UserError, match='not a CSV file in UTF-8'):
        read_class_weights(write(tmp_path, 'index,weight\n0,1\n', 'utf-16'), 1)


def test_missing_file_names_the_choices(tmp_path):
    with pytest.raises(UserError, match='--class_weights=.*nowhere.csv: expected none, median_frequency or a CSV file'):
        class_weights(str(tmp_path / 'nowhere.csv'), dataset_of([], 2))
