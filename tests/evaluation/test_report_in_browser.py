"""The report in headless Chromium, as somebody reads it on a laptop and on a phone."""
import json
import shutil

import pytest
from report_pages import HOSTILE, QUOTES, small_report

from fcn8s.evaluation.report import write_report

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
FLAGS = ('--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
         '--disable-sync', '--no-first-run', '--disable-dev-shm-usage', '--hide-scrollbars')


@pytest.fixture(scope='module')
def driver(tmp_path_factory):
    webdriver = pytest.importorskip('selenium.webdriver', reason='selenium is not installed')
    from selenium.webdriver.chrome.service import Service
    browser, chromedriver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which('chromedriver')
    if not browser or not chromedriver:
        pytest.skip('there is no Chromium, or no chromedriver: apt-get install chromium chromium-driver')
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in FLAGS + (f'--user-data-dir={tmp_path_factory.mktemp("profile")}',):
        options.add_argument(flag)
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL', 'browser': 'ALL'})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    yield driver
    driver.quit()


@pytest.fixture(scope='module')
def report_path(tmp_path_factory):
    path = str(tmp_path_factory.mktemp('report') / 'report.html')
    write_report(path, small_report())
    return path


@pytest.fixture
def show(driver, report_path):
    """Opens the report at a width in pixels and in a colour scheme; returns the driver."""
    def at(width=1280, scheme='light'):
        driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
            'width': width, 'height': 800, 'deviceScaleFactor': 1, 'mobile': width < 500})
        driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {
            'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
        driver.get('file://' + report_path)
        return driver
    return at


def column(driver, number):
    """The values of a column of the table of classes, from top to bottom."""
    return driver.execute_script(
        'return [...document.querySelectorAll("#classes tbody tr")].map(row => row.cells[arguments[0]].dataset.value)',
        number)


def sort_state(driver):
    return driver.execute_script(
        'return [...document.querySelectorAll("#classes th")].map(heading => heading.getAttribute("aria-sort"))')


def heading(driver, number):
    return driver.find_elements('css selector', '#classes th button')[number]


def test_every_picture_loads(show):
    sizes = show().execute_script('return [...document.images].map(image => image.complete && image.naturalWidth)')
    assert len(sizes) == 9 and all(sizes)


def test_nothing_is_fetched_and_nothing_goes_wrong(show, report_path):
    show().get_log('performance')  # drops what was before
    driver = show()
    events = [json.loads(entry['message'])['message'] for entry in driver.get_log('performance')]
    fetched = [event['params']['request']['url'] for event in events if event['method'] == 'Network.requestWillBeSent']
    assert 'file://' + report_path in fetched
    assert [url for url in fetched if not url.startswith('data:')] == ['file://' + report_path]
    assert driver.get_log('browser') == []


def test_names_of_classes_and_files_do_nothing(show):
    driver = show()
    assert driver.title == 'Test of ' + HOSTILE
    assert QUOTES + '.jpg' in driver.find_element('id', 'photos').text


def test_click_sorts_by_number_and_back(show):
    driver = show()
    assert sort_state(driver) == [None, None, 'descending', None, None, None]  # by pixels
    heading(driver, 5).click()
    assert column(driver, 0) == ['3', '1', '2', '0']  # IoU 36 / 40, 80 / 130, 30 / 82, 0
    assert sort_state(driver) == [None, None, None, None, None, 'descending']
    heading(driver, 5).click()
    assert column(driver, 0) == ['0', '2', '1', '3']
    assert sort_state(driver) == [None, None, None, None, None, 'ascending']


def test_key_sorts_by_name(show):
    driver = show()
    heading(driver, 1).send_keys('\ue007')  # Enter
    names = column(driver, 1)
    assert names.index('others') < names.index('wall') and sort_state(driver)[1] == 'ascending'


def test_what_has_no_value_stays_last(show):
    driver = show()
    heading(driver, 3).click()
    assert column(driver, 0) == ['3', '1', '2', '0']  # accuracy 0.9, 0.8, 0.5; "others" has none
    heading(driver, 3).click()
    assert column(driver, 0) == ['2', '1', '3', '0']


def test_heat_map_names_the_cell_under_the_pointer(show):
    from selenium.webdriver import ActionChains
    driver = show()
    image = driver.find_element('id', 'heat')
    cell = image.size['width'] / 4  # classes: wall, the quotes, the script, others
    ActionChains(driver).move_to_element_with_offset(image, int(-cell / 2), int(-1.5 * cell)).perform()
    name = QUOTES.split(';')[0]
    assert driver.find_element('id', 'readout').text == f'wall → {name}: 18.0 % of wall, 18 pixels'


@pytest.mark.parametrize('width', [1280, 375])
def test_page_fits_its_width(show, width):
    driver = show(width)
    assert driver.execute_script('return [document.documentElement.scrollWidth, innerWidth]') == [width, width]
    for name in ('#classes', '#confusions', '.card', '.views', '.facts', '.heat'):
        box = driver.find_element('css selector', name).rect
        assert box['x'] >= 0 and box['x'] + box['width'] <= width, name


def test_phone_shows_two_pictures_in_a_row_and_a_laptop_four(show):
    for width, count in ((1280, 4), (375, 2)):
        tops = [figure.rect['y'] for figure in show(width).find_elements('css selector', '.views')[0]
                .find_elements('tag name', 'figure')]
        assert tops.count(tops[0]) == count


def test_swatch_stays_on_the_line_of_its_name(show):
    apart = show(375).execute_script("""
        const chips = document.querySelector(".chips");
        return [...Array(100).keys()].filter(n => {
          chips.style.width = 80 + n + "px";  // wherever the line ends
          return [...chips.children].some(({children: [swatch], lastChild}) => {
            const name = document.createRange();
            name.setStart(lastChild, 0);
            name.setEnd(lastChild, Math.min(lastChild.length, 6));
            return swatch.getBoundingClientRect().bottom < name.getBoundingClientRect().top;
          });
        });""")
    assert apart == []


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_text_stands_out_in_both_schemes(show, scheme):
    driver = show(scheme=scheme)
    style = 'return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]'
    paper, ink, soft, link = (luminance(driver.execute_script(style, *what)) for what in (
        ('body', 'backgroundColor'), ('body', 'color'), ('.note', 'color'), ('nav a', 'color')))
    assert (paper > 0.5) == (scheme == 'light')
    for text in (ink, soft, link):
        assert (max(text, paper) + 0.05) / (min(text, paper) + 0.05) >= 4.5  # WCAG 2.1, level AA


def luminance(css):
    """Relative luminance (WCAG 2.1) of 'rgb(1, 2, 3)'."""
    channels = [int(part) / 255 for part in css[css.index('(') + 1:-1].split(',')[:3]]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))
