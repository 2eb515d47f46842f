"""Problems of files, told once for each kind."""
import pytest

from fcn8s.utils.errors import grouped


def test_problems_that_differ_in_names_and_numbers_are_one_line():
    problems = [(f'd/images/{stem}.jpg', f'd/images/{stem}.jpg is {n} x 9, but d/annotations/{stem}.png is 9 x {n}.')
                for stem, n in (('a', 3), ('b c', 40), ('d', 5), ('e', 6), ('f', 7))]
    assert grouped(problems) == ['5 files alike: d/images/a.jpg is 3 x 9, but d/annotations/a.png is 9 x 3. '
                                 'Also: d/images/b c.jpg, d/images/d.jpg and 2 more']


def test_lists_of_numbers_may_differ_in_length():
    problems = [('a.png', 'a.png holds the ids 3;'), ('b.png', 'b.png holds the ids 3, 4, 5, 6, 7 and 9 more;')]
    assert grouped(problems) == ['2 files alike: a.png holds the ids 3; Also: b.png']


@pytest.mark.parametrize('first, second', [('mode RGB', 'mode LAB'), ('other/x.png is gone', 'is gone')])
def test_problems_that_differ_otherwise_are_kept_apart(first, second):
    assert grouped([('a.png', 'a.png: ' + first), ('b.png', 'b.png: ' + second)]) == ['a.png: ' + first,
                                                                                     'b.png: ' + second]


def test_decomposed_letters_of_a_partner_are_the_same_name():
    problems = [('\u00e9.jpg', 'e\u0301.png: empty'), ('x.jpg', 'x.png: empty')]
    assert len(grouped(problems)) == 1
