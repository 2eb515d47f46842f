"""ffmpeg opens films and nothing else, whatever a file's name says."""
import pytest
from film_files import moving_edge, write_film

from fcn8s.prediction.ffmpeg import failed, ffmpeg, film_input
from fcn8s.prediction.film_reader import FilmReader
from fcn8s.utils.errors import UserError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="9" height="9" fill="red"/></svg>'


@pytest.fixture
def folder(tmp_path):
    write_film(tmp_path / 'real.mkv', moving_edge(), sound='aac')
    return tmp_path


@pytest.mark.parametrize('script', ['ffconcat version 1.0\nfile real.mkv\n', SVG])
def test_file_that_only_calls_itself_a_film_is_refused(folder, script):
    (folder / 'x.mp4').write_text(script)
    with pytest.raises(UserError, match='x.mp4: no film that ffmpeg can read'):
        FilmReader(str(folder / 'x.mp4'))


@pytest.mark.parametrize('name, refused', [('real.mkv', False), ('x.mp4', True)])
def test_every_way_into_ffmpeg_opens_films_only(folder, name, refused):
    (folder / 'x.mp4').write_text('ffconcat version 1.0\nfile real.mkv\n')
    with ffmpeg(film_input(folder / name) + ['-f', 'null', '-']) as (process, messages):
        assert failed(process, messages) == refused
