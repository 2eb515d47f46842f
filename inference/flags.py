"""The flags of inference: what is made of which photos and films, and how large the net sees them."""
from absl import flags

from files.errors import UsageError
from inference.tiles import AUTO_TILE, TILE_MARGIN
from inference.views import IDS, VIEWS

ALL = '1/1'  # shards


def define_result_flags(flag_values):
    """What is made, and of which photos and films."""
    given = {'flag_values': flag_values, 'module_name': 'infer'}
    flags.DEFINE_enum('view', 'overlay', list(VIEWS) + [IDS], 'what pictures and films show: the class colours blended '
                      'into the photo, the colours alone, or the photo beside (horizontal) or above (vertical) its '
                      'overlay; ids writes of each photo a grey PNG of its ids and nothing else, as the scene parsing '
                      'benchmark takes them with --nopredict_class_0', **given)
    flags.DEFINE_string('color_map', None, 'a classes.csv whose names and colours to show (default: as trained)',
                        **given)
    flags.DEFINE_boolean('softmax', False, 'save the probabilities of photos too: NAME_softmax.npz holds "softmax", '
                         'float16 [H, W, classes]', **given)
    flags.DEFINE_boolean('skip_done', False, 'leave out what has all its results, none of them older than the photo or '
                         'film and the checkpoint; other flags than last time do not count', **given)
    flags.DEFINE_string('shard', ALL, 'i/n does the i-th of n equal parts: of all photos and films in the order of '
                        'their names the i-th, the (i+n)-th and so on; n computers share a folder so', **given)
    flags.DEFINE_string('film', None, 'make this film (.mp4) of the one folder of frames that is named', **given)
    flags.DEFINE_float('fps', 25., 'frames a second of --film', 0.1, 1000., **given)


def check_film_flags(flag_values):
    """Raises UsageError for flags that would do nothing with --film, or without it."""
    if flag_values.film and flag_values.shard != ALL:
        raise UsageError(f'--shard={flag_values.shard} parts photos and films, but --film makes one film: leave one of '
                         'them out.')
    if flag_values['fps'].present and not flag_values.film:
        raise UsageError(f'--fps={flag_values.fps:g} is for --film, which makes a film of a folder of frames; a film '
                         'file keeps its own rate. Leave --fps out.')


def define_max_side_flag(flag_values):
    """How large inference shows the net photos and frames; a test always shows them as they are."""
    flags.DEFINE_integer('max_side', None, 'the net sees larger photos scaled down to this longer side, which takes '
                         'less memory and time; results keep the photo\'s own size (default: none)', 32,
                         flag_values=flag_values, module_name='size')


def define_tile_flags(flag_values):
    """How much of a photo the net sees at once."""
    given = {'flag_values': flag_values, 'module_name': 'size'}
    flags.DEFINE_integer('tile', None, 'the net sees larger photos in tiles of this side, which bounds the memory; 0 '
                         f'for no tiles (default: {AUTO_TILE} with a margin that changes nothing, for the fcn nets; '
                         'the dilated nets look at the whole photo)', 0, **given)
    flags.DEFINE_integer('tile_margin', TILE_MARGIN, 'what a --tile sees beyond the part of it that is kept; with '
                         '288 the fcn nets give what they give untiled', 0, **given)
