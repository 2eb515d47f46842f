"""What the augmentation flags accept, and what their errors say."""
import pytest

from fcn8s.data.augment_options import Augmentation, parse_augmentation
from fcn8s.utils.errors import UserError


def test_nothing_is_on_by_default():
    assert parse_augmentation() == Augmentation(None, None, 0., None, None, 0.)


def test_flags_combine():
    assert parse_augmentation('0.5,1.5', '384x512', 0.5, '0.5,2.0', '30,20', 0.1) == Augmentation(
        scale=(0.5, 1.5, 1.), crop=(384, 512), flip=0.5, brightness=(0.5, 2., 1.),
        translate=((0, 30), (0, 20), 1.), gray=0.1)


@pytest.mark.parametrize('flag, text, field, expected', [
    ('random_scale', '0.5, 1.5, 0.3', 'scale', (0.5, 1.5, 0.3)),
    ('random_scale', '2,2', 'scale', (2., 2., 1.)),
    ('random_crop', '384', 'crop', (384, 384)),
    ('brightness', '0,1,0', 'brightness', (0., 1., 0.)),
    ('translate', '10-30, 0-20, 0.5', 'translate', ((10, 30), (0, 20), 0.5)),
    ('translate', '5,0', 'translate', ((0, 5), (0, 0), 1.)),
    ('flip', '1', 'flip', 1.),
    ('gray', 0.25, 'gray', 0.25)])
def test_forms_of_a_value(flag, text, field, expected):
    assert parse_augmentation(**{flag: text}) == Augmentation(**{field: expected})


@pytest.mark.parametrize('flag, text', [
    ('random_scale', '1.5'), ('random_scale', '1.5,0.5'), ('random_scale', '0,1'), ('random_scale', '50,150'),
    ('random_scale', '0.5,1.5,2'), ('random_scale', '0.5,1.5,1,1'), ('random_scale', 'a,b'),
    ('random_scale', '0.5,nan'), ('random_scale', '0.5,inf'), ('random_scale', '0.5x1.5'),
    ('random_crop', '0'), ('random_crop', '384x'), ('random_crop', '-32x32'), ('random_crop', '32x32x32'),
    ('random_crop', '38.4'), ('random_crop', '32x0'), ('random_crop', '400x400'), ('random_crop', '384x500'),
    ('flip', 'yes'), ('flip', 1.5), ('flip', -0.1), ('flip', 'nan'), ('flip', ''),
    ('brightness', '-1,2'), ('brightness', '2'), ('brightness', '1,11'),
    ('translate', '30'), ('translate', '-30,20'), ('translate', '30-10,20'), ('translate', '1.5,2'),
    ('translate', '1,2,3'), ('translate', '1,2,x'), ('translate', '1,2,0.5,0.5'),
    ('gray', 2)])
def test_wrong_value_is_named_with_an_example(flag, text):
    with pytest.raises(UserError) as caught:
        parse_augmentation(**{flag: text})
    message = str(caught.value)
    assert message.startswith(f'--{flag}={text}: ')
    assert f'such as --{flag}=' in message


def test_crop_that_the_net_cannot_halve_five_times_names_the_next_that_it_can():
    with pytest.raises(UserError, match='multiples of 32, such as --random_crop=416x384'):
        parse_augmentation(random_crop='400x384')


@pytest.mark.parametrize('flag', ['random_scale', 'random_crop', 'flip', 'brightness', 'translate', 'gray'])
def test_the_example_of_an_error_is_itself_accepted(flag):
    with pytest.raises(UserError) as caught:
        parse_augmentation(**{flag: '?'})
    for part in str(caught.value).split(f'--{flag}=')[2:]:
        assert parse_augmentation(**{flag: part.split(' ')[0]}) != Augmentation()
