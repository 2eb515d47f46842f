"""Flags that several scripts share."""
from fcn8s.devices import PRECISIONS
from fcn8s.prediction.tiles import AUTO_TILE, TILE_MARGIN
from fcn8s.utils.cli import flag_group


def add_net_flags(values, trained):
    """Which net: its row, classes and width; trained: whether the net's config.json gives the defaults."""
    add = flag_group(values, 'net')
    as_run = ' (default: as the run in logs_dir was trained)' if trained else ''
    classes = 'as trained' if trained else 'the lines of classes.csv'
    add.string('net', None, 'row of NETS to build; python FCN_model.py lists them' + as_run)
    add.integer('num_classes', None, f'number of classes, 0 = "others" included (default: {classes})', 2, 256)
    add.float('width', None if trained else 1., 'fraction of the published channels in every hidden layer; 0.25 trains '
              'on a laptop, but published weights fit 1 only' + as_run, 0.01, 1.)


def add_checkpoint_flags(values, logs_dir_also=''):
    """Which trained net, and what it predicts; logs_dir_also: what else the help of logs_dir says."""
    add = flag_group(values, 'checkpoint')
    add.string('logs_dir', 'logs', 'folder of the training run to use' + logs_dir_also)
    add.string('checkpoint', '', 'a prefix such as logs/model.ckpt-500, one of its files, a folder, "best" on '
               'validation, or a published net that python FCN_model.py lists (default: the last in logs_dir)')
    add = flag_group(values, 'data')
    add.string('data_dir', None, 'data set whose photos or classes.csv to use (default: as trained)')
    add = flag_group(values, 'prediction')
    add.boolean('predict_class_0', True, '--nopredict_class_0 excludes class 0 from predictions: every pixel gets one '
                'of the named classes')


def add_scale_flags(values):
    """Averages over scales and mirrored photos."""
    add = flag_group(values, 'prediction')
    add.string('scales', '1', 'average the probabilities over these scales, such as 0.5,0.75,1,1.25,1.5; or over these '
               'short sides, such as 300px,375px,450px,525px,600px, as mit-semseg does (dilated nets)')
    add.boolean('flip', False, 'average over the mirrored photo too; takes twice as long')


def add_tile_flags(values):
    """Large photos in tiles."""
    add = flag_group(values, 'size')
    add.integer('tile', None, 'process photos larger than this side in tiles, which bounds the memory; 0 for never '
                 f'(default: {AUTO_TILE} for the fcn nets, with a margin that changes no result; 0 for the '
                 'dilated nets, whose scores depend on the whole photo)', 0)
    add.integer('tile_margin', TILE_MARGIN, 'computed border of a --tile; 288 lets the fcn nets predict as if untiled',
                0)


def add_bad_data(group, default):
    """What happens on unusable photos; default: 'stop', 'skip', or None for what config.json says."""
    group.enum('bad_data', default, ['stop', 'skip'], 'on a photo or annotation that is unusable or has no partner: '
               'stop the run, or skip it and list it at the end' + ('' if default else ' (default: as trained, else '
                                                                    'stop)'))


def add_precision(values, heading):
    """The number format of the layers, under a heading of --help."""
    add = flag_group(values, heading)
    add.enum('precision', 'auto', PRECISIONS, 'number format of the layers; training keeps weights and loss in '
             'float32. auto is bfloat16 if the processor or GPU supports it, otherwise float32; float16 is for older '
             'GPUs')
