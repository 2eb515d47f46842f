"""A film's sound on its way into an MP4: copied where it may be, encoded anew where not."""
import os
import tempfile

from films.ffmpeg import failed, ffmpeg, film_input

COPIED = ('aac', 'mp3', 'ac3', 'eac3', 'alac')  # what MP4 holds and players know
TRIED = 50  # packets of the sound


def sound_encoder(path, codec):
    """What brings the sound of a film, of this codec, into an MP4: 'copy', 'aac', or None where ffmpeg cannot.

    Its beginning is tried, for MP4 refuses some of what it holds, such as MP3 of less than 16 kHz.
    """
    for encoder in ('copy', 'aac') if codec in COPIED else ('aac',):
        with tempfile.TemporaryDirectory() as folder:
            trial = film_input(path) + ['-map', '0:a:0', '-frames:a', str(TRIED), '-c:a', encoder,
                     os.path.join(folder, 'trial.mp4')]
            with ffmpeg(trial) as (process, messages):
                if not failed(process, messages):
                    return encoder
    return None
