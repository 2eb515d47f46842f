"""The learning rates of --lr_schedule by hand."""
import pytest

from fcn8s.training.schedule import parse_lr_schedule
from fcn8s.utils.errors import UserError


@pytest.mark.parametrize('step', [0, 7, 1000])
def test_constant_is_the_base_rate(step):
    assert parse_lr_schedule('constant').at(step, 1e-5, 100) == 1e-5


@pytest.mark.parametrize('text, step, expected', [
    ('poly:1', 0, 8.), ('poly:1', 25, 6.), ('poly:2', 50, 2.), ('poly:0.5', 75, 4.),
    ('poly:2', 100, 0.), ('poly:2', 130, 0.)])
def test_poly_by_hand(text, step, expected):
    assert parse_lr_schedule(text).at(step, 8., 100) == pytest.approx(expected)


def test_default_power_is_that_of_semantic_segmentation_pytorch():
    # (1 - 9/10)^0.9 = 10^-0.9
    assert parse_lr_schedule('poly').at(9, 1., 10) == pytest.approx(0.12589254)


@pytest.mark.parametrize('text, step, expected', [
    ('cosine', 0, 8.), ('cosine', 50, 4.), ('cosine', 25, 4 + 8 ** 0.5), ('cosine', 100, 0.), ('cosine', 130, 0.),
    ('cosine:20', 0, 0.4), ('cosine:20', 19, 8.), ('cosine:20', 20, 8.), ('cosine:20', 60, 4.), ('cosine:200', 99, 4.)])
def test_cosine_by_hand(text, step, expected):
    assert parse_lr_schedule(text).at(step, 8., 100) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('step, expected', [(0, 1e-4), (9999, 1e-4), (10000, 1e-5), (19999, 1e-5), (20000, 2e-6),
                                            (10**6, 2e-6)])
@pytest.mark.parametrize('text', ['steps:0:1e-4,10000:1e-5,20000:2e-6', 'steps 0:1e-4, 10000:1e-5, 20000:2e-6',
                                  'steps "0:1e-4,10000:1e-5,20000:2e-6"'])
def test_steps_change_the_rate_at_their_step(text, step, expected):
    assert parse_lr_schedule(text).at(step, 5., 100) == expected


def test_before_the_first_step_the_rate_is_the_base():
    schedule = parse_lr_schedule('steps:10:1e-3')
    assert [schedule.at(step, 5., 100) for step in (9, 10)] == [5., 1e-3]


@pytest.mark.parametrize('text, words', [
    ('', 'expected constant, poly:POWER'), ('exp', 'expected constant'), ('constant:1', 'expected constant'),
    ('poly:x', "'x' is not a power above 0"), ('poly:0', "'0' is not a power"), ('poly:-1', "'-1' is not a power"),
    ('poly:inf', 'not a power'), ('poly:nan', 'not a power'),
    ('cosine:-1', 'cosine:STEPS'), ('cosine:x', 'cosine:STEPS'),
    ('steps', 'such as steps:0:1e-4'), ('steps:', 'such as steps:0:1e-4'), ('steps:5', 'such as steps:0:1e-4'),
    ('steps:0:1e-4,', 'such as steps:0:1e-4'), ('steps:-1:1e-4', 'such as steps:0:1e-4'),
    ('steps:0:0', "'0' is not a learning rate above 0"), ('steps:0:fast', "'fast' is not a learning rate"),
    ('steps:0:1,5:2,5:3', 'the steps are 0, 5, 5'), ('steps:9:1,5:2', 'the steps are 9, 5')])
def test_wrong_text_is_named(text, words):
    with pytest.raises(UserError) as caught:
        parse_lr_schedule(text)
    assert str(caught.value).startswith(f'--lr_schedule={text}: ')
    assert words in str(caught.value)
