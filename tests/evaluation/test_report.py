"""The report's page as HTML: what it says, and that nothing in it is taken for HTML that is not ours."""
import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from report_pages import CLASSES, HOSTILE, MATRIX, QUOTES, photo_entry, small_report

from fcn8s.evaluation.confusions import costly_confusions, heat_picture
from fcn8s.evaluation.metrics import all_class_scores, scene_parsing_scores, without_unlabelled
from fcn8s.evaluation.report import page, percent, write_report


class Elements(HTMLParser):
    """Gathers (tag, attributes) and the text of a page."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if self.open and self.open[-1] not in ('script', 'style') and data.strip():
            self.text.append(data.strip())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def pictures(html):
    uris = [image['src'] for image in Elements(html).all('img')]
    assert all(re.match(r'data:image/(png|jpeg);base64,', uri) for uri in uris)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1]))).convert('RGBA')) for uri in uris]


def test_costliest_confusion_comes_first_with_its_shares():
    found = costly_confusions(without_unlabelled(MATRIX))
    # 30 of the 60 pixels of class 2 are taken for 1; 18 of 100 of class 1 for 2; 4 of 40 of class 3; 2 for "others"
    assert [(c.truth, c.predicted, c.pixels) for c in found] == [(2, 1, 30), (1, 2, 18), (3, 2, 4), (1, 0, 2)]
    assert [c.share for c in found] == [0.15, 0.09, 0.02, 0.01]
    assert [c.share_of_class for c in found] == [0.5, 0.18, 0.1, 0.02]


def test_confusions_stop_at_their_count():
    assert len(costly_confusions(without_unlabelled(MATRIX), count=2)) == 2


def test_heat_picture_is_as_opaque_as_the_root_of_the_share():
    picture = heat_picture(np.array([[75, 25, 0], [0, 0, 0], [0, 1, 99]]))
    # 255 * sqrt(0.75) = 220.8, 255 * sqrt(0.25) = 127.5, 255 * sqrt(0.01) = 25.5, rounded up
    assert picture[..., 3].tolist() == [[221, 128, 0], [0, 0, 0], [0, 26, 254]]
    assert picture[0, 0, 2] > picture[0, 0, 0] and picture[0, 1, 0] > picture[0, 1, 2]  # blue is right, orange wrong


@pytest.mark.parametrize('share, text', [(0.1234, '12.3 %'), (0, '0.0 %'), (1, '100.0 %'), (0.0004, '<0.1 %')])
def test_share_is_a_percentage(share, text):
    assert percent(share) == text


def test_both_scores_are_on_the_page():
    text = Elements(page(small_report())).text
    assert 'per-image mean (FCN-tensorflow-ADE20k)' in text and '0.8125' in text
    # (80 + 30 + 36) / 200 correct; IoU 80 / 130, 30 / 82, 36 / 40 and 0 over four classes: 0.4703
    assert 'scene parsing benchmark (SceneParse150)' in text and '0.7300' in text and '0.4703' in text


def test_class_rows_are_by_pixels_and_hold_their_values():
    cells = [a['data-value'] for a in Elements(page(small_report())).all('td') if 'data-value' in a]
    rows = [cells[i:i + 6] for i in range(0, len(cells), 6)]
    assert [row[0] for row in rows] == ['1', '2', '3', '0']  # 100, 60, 40 and no pixels
    assert rows[0][1] == 'wall' and rows[1][1] == QUOTES.split(';')[0]
    assert [float(value) for value in rows[0][2:]] == pytest.approx([100, 0.8, 80 / 110, 80 / 130])
    assert rows[3][3] == ''  # "others" has no truth, so no accuracy


def test_classes_that_occur_nowhere_are_named_apart():
    assert '1 class in neither truth nor prediction' in Elements(page(small_report())).text


def test_names_are_never_taken_for_html():
    elements = Elements(page(small_report()))
    assert len(elements.all('script')) == 2  # the page's own, and the heat map's numbers
    assert not any('onerror' in attributes for _, attributes in elements.elements)
    assert 'Test of ' + HOSTILE in elements.text and 'python FCN_test.py ' + HOSTILE in elements.text
    assert QUOTES + '.jpg' in elements.text
    assert 'photo: ' + QUOTES + '.jpg' in [image['alt'] for image in elements.all('img')]


def test_four_views_of_each_photo_and_a_heat_map():
    html = page(small_report())
    assert len(pictures(html)) == 1 + 2 * 4
    assert all(image['alt'] and image['width'] and image['height'] for image in Elements(html).all('img'))


def test_truth_and_prediction_show_the_class_colours():
    _, _, truth, ids, difference = pictures(page(small_report()))[:5]
    assert tuple(truth[20, 10, :3]) == CLASSES[1].colour and tuple(ids[20, 10, :3]) == CLASSES[2].colour
    assert tuple(truth[20, 0, :3]) == CLASSES[0].colour
    red, green, blue = (difference[20:, 10:, channel].mean() for channel in range(3))
    assert red > 150 and red > green + 80 and red > blue + 80           # the lower half is wrong
    right = difference[:10, 10:, :3].astype(int)
    assert np.ptp(right, axis=2).max() < 40                              # the upper half stays grey


def test_page_of_nothing_labelled_is_made():
    empty = np.zeros((5, 5), int)
    report = small_report(matrix=empty, best=[], worst=[],
                          scores=(None, scene_parsing_scores(empty), all_class_scores(empty)))
    text = Elements(page(report)).text
    assert 'No photo has a pixel labelled other than 0.' in text and 'No photo has a score.' in text


def test_page_stays_below_5_megabytes():
    rng = np.random.RandomState(0)
    matrix = rng.randint(1, 10 ** 7, (151, 151))
    classes = [CLASSES[1]._replace(index=i, name=f'class {i}, with some synonyms;more') for i in range(151)]
    coarse = rng.randint(0, 256, (24, 32, 3)).repeat(12, axis=0).repeat(12, axis=1)
    photo = np.clip(coarse + rng.randint(-15, 16, coarse.shape), 0, 255).astype(np.uint8)  # as grainy as photos are
    ids = rng.randint(0, 151, (36, 48)).repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)
    entries = [photo_entry()._replace(photo=photo, truth=ids, ids=ids.T.reshape(ids.shape), labelled=ids > 0)] * 8
    html = page(small_report(matrix=matrix, classes=classes, best=entries, worst=entries))
    assert 10 ** 6 < len(html.encode()) < 5 * 10 ** 6


def test_odd_file_names_can_be_written(tmp_path):
    path = tmp_path / 'test' / 'report.html'
    write_report(str(path), small_report(best=[photo_entry('caf\udce9 \u4e2d.jpg')]))  # a name that is not UTF-8
    assert 'caf\\udce9 \u4e2d.jpg' in path.read_text(encoding='utf-8')
    assert [p.name for p in path.parent.iterdir()] == ['report.html']
