"""Bad photos and annotations: named, and left out on request without a change to anything else."""
import itertools
import os

import numpy as np
import pytest
from bad_pairs import BAD, make_records
from data_sets import dataset_of
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import save

from batch_reader import BatchReader
from fcn8s.data.records import SHOWN, BadPhotos
from fcn8s.evaluation.evaluate import evaluate
from fcn8s.training.class_weights import median_frequency_weights
from fcn8s.utils.errors import DataError, UserError


def numbers(reader, count):
    """The first numbers of the stream, told by the photos' grey."""
    with reader:
        return [int(photo[0, 0, 0]) for batch in itertools.islice(reader, count) for photo in batch.images]


@pytest.mark.parametrize('kind', sorted(BAD))
def test_bad_pair_is_named_with_its_reason(tmp_path, kind):
    record, = make_records(tmp_path, 1)
    make_bad, words = BAD[kind]
    make_bad(record)
    with BatchReader(dataset_of([record], 3), 1) as reader, pytest.raises(UserError, match=words):
        next(reader)


def test_forbidden_photo_is_named(tmp_path):
    record, = make_records(tmp_path, 1)
    os.chmod(record.image, 0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # nobody, for root may read everything
    try:
        with BatchReader(dataset_of([record], 1), 1) as reader, \
                pytest.raises(UserError, match='0.png.*Permission denied'):
            next(reader)
    finally:
        if root:
            os.seteuid(0)


def test_next_of_the_epoch_takes_the_place_of_a_bad_one(tmp_path):
    bad = {}
    records = make_records(tmp_path, 5, bad={2})
    assert numbers(BatchReader(dataset_of(records, 1, bad=bad), 2, shuffle=False), 5) == [0, 1, 3, 3, 4] * 2


def test_first_of_the_epoch_takes_the_place_of_a_bad_last(tmp_path):
    dataset = dataset_of(make_records(tmp_path, 3, bad={2}), 1, bad={})
    assert numbers(BatchReader(dataset, 1, shuffle=False), 4) == [0, 1, 0, 0]


def test_bad_photo_is_listed_once_with_its_reason(tmp_path):
    bad = {}
    records = make_records(tmp_path, 3, bad={1})
    numbers(BatchReader(dataset_of(records, 1, bad=bad), 2), 9)
    assert list(bad) == [records[1].image] and 'this is not a JPEG' in bad[records[1].image]


def test_reader_of_bad_photos_alone_stops_and_says_so(tmp_path):
    records = make_records(tmp_path, 3, bad={0, 1, 2})
    with BatchReader(dataset_of(records, 1, bad={}), 2) as reader, \
            pytest.raises(DataError, match='none of the 3 photos .*can be used.*not a JPEG'):
        next(reader)


@settings(max_examples=30)
@given(st.data())
def test_places_of_good_photos_do_not_depend_on_bad_ones(tmp_path_factory, data):
    count = data.draw(st.integers(2, 7))
    bad = data.draw(st.sets(st.integers(0, count - 1), max_size=count - 1))
    batch_size, start, seed = (data.draw(st.integers(1, 3)) for _ in range(3))
    records = make_records(tmp_path_factory.mktemp('records'), count, bad)
    got = numbers(BatchReader(dataset_of(records, 1, bad={}), batch_size, True, seed, start, num_threads=2), 3)
    expected = []
    for example in range(start * batch_size, (start + 3) * batch_size):
        order = np.random.RandomState([seed, example // count]).permutation(count).tolist()
        place = example % count
        expected.append(next(k for k in order[place:] + order[:place] if k not in bad))
    assert got == expected


def test_evaluation_leaves_bad_photos_out_and_lists_them(tmp_path):
    records, bad = make_records(tmp_path, 4, bad={1}), {}
    results = evaluate(dataset_of(records, 1, bad=bad), lambda examples: [example.annotation for example in examples])
    assert [result.example.record for result in results] == [records[0], records[2], records[3]]
    assert list(bad) == [records[1].image]


def test_evaluation_of_bad_photos_alone_stops(tmp_path):
    records = make_records(tmp_path, 2, bad={0, 1})
    with pytest.raises(UserError, match='none of the 2 photos .*can be used.*0.png'):
        list(evaluate(dataset_of(records, 1, bad={}), lambda examples: [example.annotation for example in examples]))


def test_class_weights_leave_bad_annotations_out_and_list_them(tmp_path):
    records, bad = make_records(tmp_path, 3), {}
    save(records[0].annotation, np.array([[0, 1, 1, 1]], np.uint8))
    save(records[1].annotation, np.array([[0, 9, 9, 9]], np.uint8))
    save(records[2].annotation, np.array([[0, 0, 0, 0]], np.uint8))
    # frequencies 5/8 and 3/4, median 11/16
    assert median_frequency_weights(dataset_of(records, 2, bad=bad)) == pytest.approx([11 / 10, 11 / 12])
    assert list(bad) == [records[1].image]


def test_bad_photos_are_told_once_and_listed_at_the_end():
    bad = BadPhotos()
    bad['a.jpg'] = 'a.jpg: empty'
    assert bad.new_messages() == ['left out: a.jpg: empty'] and bad.new_messages() == []
    bad['b.jpg'] = 'b.jpg: gone'
    assert bad.new_messages() == ['left out: b.jpg: gone']
    assert bad.summary() == ['2 files were left out:', 'a.jpg: empty', 'b.jpg: gone']


def test_long_list_is_cut_short_at_the_end():
    bad = BadPhotos()
    bad.update({f'{k}.jpg': chr(65 + k) for k in range(SHOWN + 3)})
    assert len(bad.new_messages()) == SHOWN + 3 and bad.summary()[-1] == '... and 3 more, named above'


def test_files_with_one_problem_are_one_line_at_the_end():
    bad = BadPhotos()
    bad.update({f'photos/p{k}.jpg': f'photos/p{k}.jpg: the file is empty ({k} bytes).' for k in range(12)})
    assert bad.new_messages()[:2] == ['left out: photos/p0.jpg: the file is empty (0 bytes).',
                              'left out: photos/p1.jpg, as photos/p0.jpg']
    assert bad.summary() == ['12 files were left out:', '12 files alike: photos/p0.jpg: the file is empty (0 bytes). '
                             'Also: photos/p1.jpg, photos/p2.jpg and 9 more']
