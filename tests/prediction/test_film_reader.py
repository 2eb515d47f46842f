"""Reading films: their frames, rate, size and damage."""
from fractions import Fraction

import numpy as np
import pytest
from film_files import BLUE, RED, ffmpeg, moving_edge, write_film, write_film_of_unknown_sound
from imageio_ffmpeg import get_ffmpeg_version

from fcn8s.prediction.film_reader import FILM_EXTENSIONS, USUAL_FPS, FilmReader, exact_rate
from fcn8s.utils.errors import UserError


@pytest.fixture(scope='module')
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp('film') / 'edge.mp4', moving_edge(), sound='aac')


def test_frames_are_those_that_were_encoded(film):
    frames = np.stack(list(FilmReader(film).frames()))
    assert frames.shape == (12, 48, 64, 3) and frames.dtype == np.uint8
    assert np.abs(frames.astype(int) - np.stack(list(moving_edge()))).mean() < 5


def test_facts_of_a_film(film):
    reader = FilmReader(film)
    assert (reader.height, reader.width, reader.fps, reader.sound, reader.count) == (48, 64, 25, 'aac', 12)


@pytest.mark.parametrize('extension', FILM_EXTENSIONS)
def test_every_kind_of_film_is_read_whole(film, tmp_path, extension):
    if extension in ('.ts', '.mts', '.m2ts') and get_ffmpeg_version().startswith('4.2.2'):
        pytest.skip('ffmpeg 4.2.2, as imageio-ffmpeg brings it for Linux, crashes on MPEG transport streams')
    path, rate = str(tmp_path / ('film' + extension)), USUAL_FPS if extension == '.ogv' else 25  # Ogg states no rate
    codec = ['-c:v', 'libx264'] if extension == '.3gp' else []  # 3GP's default codec allows few sizes
    assert ffmpeg('-r', str(rate), '-i', film, '-an', '-b:v', '2M', *(codec + [path]))
    reader = FilmReader(path)
    frames = np.stack(list(reader.frames()))
    assert frames.shape == (12, 48, 64, 3) and reader.fps == rate and reader.damage is None
    assert np.abs(frames.astype(int) - np.stack(list(moving_edge()))).mean() < 8


def test_whole_film_has_no_damage(film):
    reader = FilmReader(film)
    assert len(list(reader.frames())) == 12 and reader.damage is None


@pytest.mark.parametrize('printed, exact', [
    (23.98, Fraction(24000, 1001)), (29.97, Fraction(30000, 1001)), (59.94, Fraction(60000, 1001)),
    (25., 25), (30., 30), (12.5, Fraction(25, 2)), (29.83, Fraction(2983, 100))])
def test_exact_rate_from_two_decimals(printed, exact):
    assert exact_rate(printed) == exact


def test_variable_rate_becomes_constant(tmp_path):
    """30 frames per second with every third missing: ffmpeg reports 20, and the film still lasts two seconds."""
    source = write_film(tmp_path / 'constant.mp4', moving_edge(60), fps=30)
    path = str(tmp_path / 'variable.mp4')
    assert ffmpeg('-i', source, '-vf', 'select=mod(n\\,3)', '-vsync', 'vfr', '-enc_time_base', '1:30', path) or ffmpeg(
        '-i', source, '-vf', 'select=mod(n\\,3)', '-fps_mode', 'vfr', path)
    reader = FilmReader(path)
    assert len(list(reader.frames())) / reader.fps == pytest.approx(2, abs=0.1)


def test_turned_film_comes_upright(tmp_path):
    source = write_film(tmp_path / 'lying.mp4', moving_edge(4))
    path = str(tmp_path / 'phone.mp4')
    assert ffmpeg('-display_rotation', '90', '-i', source, '-c', 'copy', path) or ffmpeg(
        '-i', source, '-c', 'copy', '-metadata:s:v:0', 'rotate=90', path)  # the same before ffmpeg 6
    reader = FilmReader(path)
    first = next(reader.frames())
    assert (reader.height, reader.width) == first.shape[:2] == (64, 48)
    # a quarter turn counterclockwise: the left side is now at the bottom
    assert np.abs(first[0].mean(0) - BLUE).max() < 12 and np.abs(first[-1].mean(0) - RED).max() < 12


def test_pixels_that_are_not_square_become_so(tmp_path):
    path = write_film(tmp_path / 'wide.mp4', moving_edge(2), output_params=['-vf', 'setsar=2/1'])
    reader = FilmReader(path)
    assert (reader.height, reader.width) == (48, 128) and next(reader.frames()).shape == (48, 128, 3)


def test_sound_that_mp4_refuses_is_encoded_anew(tmp_path):
    path = str(tmp_path / 'low.mkv')
    assert ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=64x48:d=1', '-f', 'lavfi', '-i', 'sine=d=1', '-ar', '8000', '-c:a',
                  'libmp3lame', path)
    reader = FilmReader(path)
    assert (reader.sound, reader.sound_encoder, reader.damage) == ('mp3', 'aac', None)


def test_sound_that_cannot_be_decoded_is_reported(tmp_path):
    reader = FilmReader(write_film_of_unknown_sound(tmp_path / 'a.mkv'))
    assert reader.sound_encoder is None and 'its sound (none) is left out' in reader.damage
    assert len(list(reader.frames())) == 12 and 'its sound (none) is left out' in reader.damage


@pytest.mark.parametrize('height, named, matrix', [
    (720, 'unknown', 'bt709'), (718, 'unknown', 'bt601'), (720, 'bt709', 'bt709'), (718, 'bt709', 'bt709'),
    (720, 'smpte170m', 'bt601')])
def test_colour_matrix_is_the_films_or_the_players_default(tmp_path, height, named, matrix):
    path = str(tmp_path / 'a.mp4')
    filters = f'format=rgb24,scale=out_color_matrix={matrix},format=yuv420p,setparams=colorspace={named}'
    assert ffmpeg('-f', 'lavfi', '-i', f'color=0x28c828:s=64x{height}:d=0.2', '-vf', filters, '-c:v', 'libx264',
                  '-colorspace', named, path)
    frame = next(FilmReader(path).frames())
    assert np.abs(frame.mean((0, 1)) - (0x28, 0xc8, 0x28)).max() < 5  # another matrix moves it by ten and more


def test_film_without_sound(tmp_path):
    assert FilmReader(write_film(tmp_path / 'silent.mkv', moving_edge(2))).sound is None


@pytest.mark.parametrize('extension', ['mp4', 'mkv', 'webm'])
def test_cut_film_is_read_up_to_the_cut_and_says_so(tmp_path, extension):
    random = np.random.RandomState(0)
    noise = (random.randint(0, 256, (48, 64, 3)).astype(np.uint8) for _ in range(50))
    source = write_film(tmp_path / 'whole.mkv', noise, output_params=['-g', '5'])
    whole = str(tmp_path / ('whole2.' + extension))
    codec = 'libvpx' if extension == 'webm' else 'copy'
    assert ffmpeg('-i', source, '-c:v', codec, '-g', '5', '-movflags', '+faststart', whole)
    cut = str(tmp_path / ('cut.' + extension))
    with open(whole, 'rb') as file, open(cut, 'wb') as part:
        data = file.read()
        part.write(data[:len(data) * 6 // 10])
    reader = FilmReader(cut)
    assert 10 < len(list(reader.frames())) < 45
    assert 'of about 50 frames could be decoded' in reader.damage


@pytest.mark.parametrize('content', [b'', b'no film at all\n' * 100])
def test_files_that_are_no_films_are_refused_by_name(tmp_path, content):
    path = tmp_path / 'notes.mp4'
    path.write_bytes(content)
    with pytest.raises(UserError, match='notes.mp4: no film'):
        FilmReader(str(path))


def test_sound_alone_is_refused(tmp_path):
    path = str(tmp_path / 'song.mp4')
    assert ffmpeg('-f', 'lavfi', '-i', 'sine=d=0.2', '-c:a', 'aac', path)
    with pytest.raises(UserError, match='song.mp4: no film'):
        FilmReader(path)


def test_ffmpeg_ends_when_its_frames_are_no_longer_wanted(tmp_path, monkeypatch):
    import subprocess
    started = []
    popen = subprocess.Popen

    def watched(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    reader = FilmReader(write_film(tmp_path / 'long.mp4', moving_edge(100, 240, 320)))
    monkeypatch.setattr(subprocess, 'Popen', watched)
    frames = reader.frames()
    next(frames)
    frames.close()
    assert [process.poll() is None for process in started] == [False]
