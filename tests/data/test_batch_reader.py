import itertools

import numpy as np
import pytest
from data_sets import dataset_of
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import save
from PIL import Image

from batch_reader import BatchReader, common_size, read_eval_example
from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import network_size
from fcn8s.data.records import BadPhotos, Record, read_pair
from fcn8s.utils import threads as reading_ahead
from fcn8s.utils.errors import DataError, UserError

SIDES = st.tuples(st.integers(1, 3000), st.integers(1, 3000))


def make_records(folder, sizes, modes=('RGB',), id_modes=('L',)):
    """One pair a size. Pair k: the photo is grey k, its annotation holds k and, in its first pixel, k + 100."""
    records = []
    for k, (size, mode, id_mode) in enumerate(zip(sizes, itertools.cycle(modes), itertools.cycle(id_modes))):
        photo = Image.fromarray(np.full(size, k, np.uint8)).convert(mode)
        ids = np.full(size, k, np.uint8)
        ids[0, 0] = k + 100
        record = Record(str(folder / (f'{k}.tif' if mode == 'CMYK' else f'{k}.png')), str(folder / f'{k}_ids.png'))
        photo.save(record.image)
        image = Image.fromarray(ids.astype(np.uint16) if id_mode == 'I;16' else ids)
        if id_mode == 'P':
            image.putpalette(bytes(range(255, -1, -1)) * 3)  # colours that are not the ids
        elif id_mode == 'RGB':
            image = image.convert('RGB')
        image.save(record.annotation)
        records.append(record)
    return records


@pytest.fixture
def five(tmp_path):
    return make_records(tmp_path, [(4, 6), (33, 7), (5, 64), (40, 40), (1, 1)])


def stems(batches):
    return [record.image.rsplit('/')[-1].split('.')[0] for batch in batches for record in batch.records]


def take(reader, count):
    with reader:
        return list(itertools.islice(reader, count))


@pytest.mark.parametrize('sizes, expected', [
    ([(256, 256), (512, 683)], (512, 704)),  # 683 / 32 = 21.3: up to 22 * 32
    ([(683, 512), (256, 768)], (704, 768)),  # per axis, from different images
    ([(32, 33)], (32, 64)),
    ([(2000, 769), (10, 10)], (768, 768)),
    ([(1, 1), (1, 1)], (32, 32)),
])
def test_batch_rule_by_hand(sizes, expected):
    assert common_size(sizes) == expected


def test_single_image_has_no_cap():
    assert network_size(2000, 769) == (2016, 800)


@pytest.mark.parametrize('size, max_side, expected', [
    ((2000, 1000), 500, (512, 256)), ((100, 2000), 500, (32, 512)), ((1, 2000), 32, (32, 32)), ((60, 60), 64, (64, 64)),
    ((65, 10), 64, (64, 32))])
def test_single_image_is_scaled_down_to_its_longest_side(size, max_side, expected):
    assert network_size(*size, max_side=max_side) == expected


def test_cap_can_be_set():
    assert common_size([(100, 500)], max_side=96) == (96, 96)


@given(st.lists(SIDES, min_size=1, max_size=6), st.integers(1, 40).map(lambda n: 32 * n))
def test_batch_size_is_the_least_that_fits_below_the_cap(sizes, max_side):
    common = common_size(sizes, max_side)
    for side, sides in zip(common, zip(*sizes)):
        assert side % 32 == 0
        assert side == max_side if max(sides) > max_side else max(sides) <= side < max(sides) + 32


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 70), st.integers(1, 70)), min_size=1, max_size=5), st.integers(1, 4),
       st.permutations(['RGB', 'L', 'RGBA', 'LA', 'P', 'CMYK']), st.permutations(['L', 'P', 'RGB', 'I;16']))
def test_photo_and_annotation_of_a_batch_belong_together(tmp_path_factory, sizes, batch_size, modes, id_modes):
    records = make_records(tmp_path_factory.mktemp('data'), sizes, modes, id_modes)
    for batch in take(BatchReader(dataset_of(records, 256), batch_size, max_side=64), 4):
        assert batch.images.dtype == batch.annotations.dtype == np.uint8
        assert batch.images.shape == batch.annotations.shape + (3,)
        assert len(batch.records) == len(batch.images) == batch_size
        largest = [max(sizes[records.index(record)][axis] for record in batch.records) for axis in (0, 1)]
        assert batch.annotations.shape[1:] == tuple(32 if side <= 32 else 64 for side in largest)
        for image, annotation, record in zip(batch.images, batch.annotations, batch.records):
            k = records.index(record)
            assert set(np.unique(image)) == {k}
            assert set(np.unique(annotation)) <= {k, k + 100}


@pytest.mark.parametrize('height, width', [(70, 45), (20, 130)])
def test_batch_holds_what_pillow_resizes(tmp_path, height, width):
    random = np.random.RandomState(0)
    photo, ids = random.randint(0, 256, (height, width, 3)), random.randint(0, 151, (height, width))
    record = Record(save(str(tmp_path / 'a.png'), photo.astype(np.uint8)),
                    save(str(tmp_path / 'b.png'), ids.astype(np.uint8)))
    batch, = take(BatchReader(dataset_of([record], 151), batch_size=1, max_side=96), 1)
    with Image.open(record.image) as image:
        size = batch.images.shape[2], batch.images.shape[1]
        np.testing.assert_array_equal(batch.images[0], np.array(image.resize(size, Image.Resampling.BILINEAR)))
    # the centre of output pixel i lies at (i + 1/2) * input / output
    rows, columns = (((2 * np.arange(out) + 1) * side // (2 * out)) for out, side in
                     zip(batch.annotations.shape[1:], (height, width)))
    np.testing.assert_array_equal(batch.annotations[0], ids[rows][:, columns])


def test_without_shuffle_the_order_is_that_of_the_records_again_and_again(five):
    assert stems(take(BatchReader(dataset_of(five, 256), 2, shuffle=False), 4)) == list('01234012')


def test_shuffled_order_is_the_documented_permutation_of_each_epoch(five):
    expected = [str(i) for epoch in range(3) for i in np.random.RandomState([7, epoch]).permutation(5)]
    assert stems(take(BatchReader(dataset_of(five, 256), 3, seed=7), 5)) == expected


def test_order_depends_on_the_seed(five):
    assert len({tuple(stems(take(BatchReader(dataset_of(five, 256), 5, seed=seed), 2))) for seed in range(4)}) > 1


@pytest.mark.parametrize('start_batch', [1, 2, 3, 7])
@pytest.mark.parametrize('shuffle', [True, False])
def test_resuming_equals_going_on(five, start_batch, shuffle):
    whole = take(BatchReader(dataset_of(five, 256), 2, shuffle, seed=3), start_batch + 4)
    resumed = take(BatchReader(dataset_of(five, 256), 2, shuffle, seed=3, start_batch=start_batch), 4)
    for expected, batch in zip(whole[start_batch:], resumed):
        assert batch.records == expected.records
        np.testing.assert_array_equal(batch.images, expected.images)
        np.testing.assert_array_equal(batch.annotations, expected.annotations)


def test_bytes_do_not_depend_on_threads(five):
    one, many = (take(BatchReader(dataset_of(five, 256), 2, num_threads=n), 12) for n in (1, 4))
    for first, second in zip(one, many):
        assert first.records == second.records
        assert first.images.tobytes() == second.images.tobytes()
        assert first.annotations.tobytes() == second.annotations.tobytes()


def test_batches_are_the_same_within_a_bound_on_pixels(five, monkeypatch):
    free = take(BatchReader(dataset_of(five, 256), 3), 6)
    monkeypatch.setattr(reading_ahead, 'PIXELS_AT_ONCE', 1)
    for batch, bounded in zip(free, take(BatchReader(dataset_of(five, 256), 3), 6)):
        np.testing.assert_array_equal(batch.images, bounded.images)
        np.testing.assert_array_equal(batch.annotations, bounded.annotations)


def test_transform_knows_epoch_and_index(five):
    def stamp(photo, ids, epoch, index):
        return photo, np.full_like(ids, 10 * epoch + index)

    batches = take(BatchReader(dataset_of(five, 256), 2, seed=7, start_batch=1, transform=stamp), 6)
    stamped = [annotation[0, 0] for batch in batches for annotation in batch.annotations]
    expected = [10 * epoch + i for epoch in range(3) for i in np.random.RandomState([7, epoch]).permutation(5)]
    assert stamped == expected[2:14]


def test_batch_has_the_size_of_what_the_transform_gives(five):
    def cropped(photo, ids, epoch, index):
        return np.zeros((64, 32, 3), np.uint8), np.zeros((64, 32), np.uint8)

    assert take(BatchReader(dataset_of(five, 256), 5, transform=cropped), 1)[0].images.shape == (5, 64, 32, 3)


def crop_of_64(photo, ids, epoch, index):
    return np.zeros((64, 64, 3), np.uint8), np.full((64, 64), index, np.uint8)


def without_attribute(photo, ids, epoch, index):
    return crop_of_64(photo, ids, epoch, index)


crop_of_64.crop = (64, 64)


@pytest.mark.parametrize('transform', [None, crop_of_64, without_attribute])
@pytest.mark.parametrize('bad', [None, BadPhotos()])
def test_parts_of_workers_make_the_batch(five, transform, bad):
    def read(worker):
        return take(BatchReader(dataset_of(five, 256, bad=bad), 6, transform=transform).for_worker(*worker), 3)

    for whole, *parts in zip(read((0, 1)), *(read((rank, 3)) for rank in range(3))):
        np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), whole.images)
        np.testing.assert_array_equal(np.concatenate([part.annotations for part in parts]), whole.annotations)
        assert sum((part.records for part in parts), ()) == whole.records


def test_batch_may_be_larger_than_the_data_set(five):
    assert take(BatchReader(dataset_of(five, 256), batch_size=12), 1)[0].images.shape[0] == 12


def test_waiting_is_counted(five):
    reader = BatchReader(dataset_of(five, 256))
    assert reader.waited_seconds == 0
    take(reader, 1)
    assert 0 < reader.waited_seconds < 60


def test_faulty_pair_is_raised_and_ends_the_reader(tmp_path):
    records = make_records(tmp_path, [(4, 4)] * 3)
    with BatchReader(dataset_of(records, 102), batch_size=1, shuffle=False) as reader:
        assert stems([next(reader), next(reader)]) == ['0', '1']  # ids up to 101
        with pytest.raises(DataError, match='2_ids.png holds the ids 102'):
            next(reader)
        assert list(reader) == []


def test_closed_reader_is_at_its_end(five):
    reader = BatchReader(dataset_of(five, 256))
    next(reader)
    reader.close()
    assert list(reader) == []


@pytest.mark.parametrize('fault, words', [
    ({'dataset': dataset_of([])}, 'no records'), ({'batch_size': 0}, 'batch_size is 0'),
    ({'max_side': 100}, 'max_side is 100'), ({'max_side': 0}, 'max_side is 0'),
    ({'num_threads': 0}, 'num_threads 0'), ({'seed': -1}, 'seed is -1')])
def test_values_that_make_no_batch_are_refused_at_once(fault, words):
    with pytest.raises(UserError, match=words):
        BatchReader(**dict({'dataset': dataset_of([Record('a.jpg', 'a.png')])}, **fault))


def test_different_sizes_of_a_pair_name_both_files(tmp_path):
    record = Record(save(str(tmp_path / 'a.png'), np.zeros((3, 5, 3), np.uint8)),
                    save(str(tmp_path / 'b.png'), np.zeros((4, 5), np.uint8)))
    with pytest.raises(DataError) as caught:
        read_pair(record, dataset_of([record], 2))
    for word in (record.image, '3 x 5', record.annotation, '4 x 5'):
        assert word in str(caught.value)
    assert 'EXIF' not in str(caught.value)


def test_turned_photo_hints_at_exif(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    record = Record(save(str(tmp_path / 'a.jpg'), np.zeros((3, 5, 3), np.uint8), exif=tags.tobytes()),
                    save(str(tmp_path / 'b.png'), np.zeros((3, 5), np.uint8)))
    with pytest.raises(DataError, match='EXIF'):
        read_pair(record, dataset_of([record], 2))


def test_ignored_id_passes(tmp_path):
    record = make_records(tmp_path, [(2, 2)])[0]
    assert read_pair(record, dataset_of([record], 1, ignore_label=100))[1].tolist() == [[100, 0], [0, 0]]


def test_single_keeps_the_annotation_at_its_own_size(tmp_path):
    record = make_records(tmp_path, [(33, 800)])[0]
    example = read_eval_example(record, dataset_of([record], 256))
    assert example.image.shape == (64, 800, 3)
    assert example.annotation.shape == (64, 800)
    assert example.original.shape == (33, 800)
    assert example.original[0, 0] == 100
    assert example.annotation[0].tolist() == example.original[0].tolist()
    assert example.record == record


def test_unreadable_photo_is_named(tmp_path):
    record = make_records(tmp_path, [(2, 2)])[0]
    with pytest.raises(ImageError, match='none.jpg'):
        read_eval_example(Record(str(tmp_path / 'none.jpg'), record.annotation), dataset_of([record], 256))
