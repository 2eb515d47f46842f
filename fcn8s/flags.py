"""Every flag of every script, by group."""
from absl import flags

from fcn8s.devices import PRECISIONS
from fcn8s.prediction.inputs import ALL
from fcn8s.prediction.tiles import AUTO_TILE, TILE_MARGIN
from fcn8s.visualize import IDS, VIEWS

UNSET = None  # the default of flags whose value comes from the run's config.json


def define_net_flags(flag_values, default_net=UNSET):
    """--net, --num_classes and --width. Without a default they come from the config.json of the run."""
    given = {'flag_values': flag_values, 'module_name': 'net'}
    unless = '' if default_net else ' (default: as the run in logs_dir was trained)'
    flags.DEFINE_string('net', default_net, 'row of NETS to build; python FCN_model.py lists them' + unless, **given)
    classes_default = 'the lines of classes.csv' if default_net else 'as trained'
    flags.DEFINE_integer('num_classes', UNSET, f'number of classes, 0 = "others" included (default: {classes_default})',
                         2, 256, **given)
    flags.DEFINE_float('width', 1. if default_net else UNSET, 'every hidden layer has this part of its published '
                       'channels; 0.25 trains on a laptop, but no published weights fit it' + unless,
                       0.01, 1., **given)


def define_prediction_flags(flag_values, logs_dir, more=''):
    """What FCN_test and FCN_infer need to find a trained net and predict with it; more: to be said of --logs_dir."""
    given = {'flag_values': flag_values, 'module_name': 'checkpoint'}
    flags.DEFINE_string('logs_dir', logs_dir, 'folder of the training run to use' + more, **given)
    flags.DEFINE_string('checkpoint', '', 'checkpoint to use: a prefix such as logs/model.ckpt-500, one of its files, '
                        'a folder, or "best" for the best on validation (default: the last in logs_dir)', **given)
    flags.DEFINE_string('data_dir', UNSET, 'data set whose photos or classes.csv to use (default: as trained)',
                        flag_values=flag_values, module_name='data')
    flags.DEFINE_boolean('predict_class_0', True, '--nopredict_class_0 leaves class 0 out of the argmax, so that every '
                         'pixel gets one of the named classes', flag_values=flag_values, module_name='prediction')


def define_recipe_flags(flag_values):
    """Optimizer, learning rates, decay and what else one step is made of."""
    given = {'flag_values': flag_values, 'module_name': 'steps'}
    flags.DEFINE_enum('optimizer', 'adam', ['adam', 'sgd'], 'Adam, or gradient descent with momentum', **given)
    flags.DEFINE_float('lr_encoder', None, "the pretrained layers' learning rate (default: learning_rate)", 0., **given)
    flags.DEFINE_float('lr_decoder', None, "the new layers' learning rate (default: learning_rate)", 0., **given)
    flags.DEFINE_string('lr_schedule', 'constant', 'constant, poly:POWER (falls to 0 at max_steps), or '
                        'steps:STEP:RATE,STEP:RATE,... (these rates hold for all layers)', **given)
    flags.DEFINE_float('momentum', 0.9, "sgd's", 0., 1., **given)
    flags.DEFINE_float('weight_decay', 0., 'pulls all kernels towards zero', 0., **given)
    flags.DEFINE_float('l2', 0., "the same on the decoder's kernels alone, as in fcn8s_tensorflow", 0., **given)
    flags.DEFINE_float('clip_norm', 0., 'gradients are scaled down to this joint norm; 0 leaves them', 0., **given)
    flags.DEFINE_string('class_weights', 'none', 'what a pixel counts in the loss by its class: none, '
                        'median_frequency (rare classes more), or a CSV file of index,weight', **given)
    flags.DEFINE_float('keep_prob', None, 'all dropout keeps this part (default: as the net was published, 0.8 for '
                       'fcn8s)', 0.01, 1., **given)
    flags.DEFINE_boolean('fix_bn', False, 'batch normalization keeps the moving averages it starts with, those of '
                         '--init_from, as is best for small batches', **given)
    flags.DEFINE_boolean('skip_nonfinite', False, 'a step whose loss or gradient is not finite is skipped and counted, '
                         'instead of stopping the run', **given)
    flags.DEFINE_boolean('deterministic', False, 'the same command gives the same weights, bit for bit; slower, for '
                         'the CPU takes sums in one thread. On a GPU it takes TensorFlow 2, and no --fix_bn', **given)


def define_augmentation_flags(flag_values):
    """What may be done to a photo and its annotation alike before they are learned from; all off by default."""
    given = {'flag_values': flag_values, 'module_name': 'augmentation'}
    flags.DEFINE_string('random_scale', '', 'MIN,MAX[,PROBABILITY]: scaled by a random factor, such as 0.5,1.5',
                        **given)
    flags.DEFINE_string('random_crop', '', 'HEIGHTxWIDTH, multiples of 32: a random window of this size; smaller '
                        'photos are padded, and the padding is left out of the loss', **given)
    flags.DEFINE_float('flip', 0., 'probability of exchanging left and right', 0., 1., **given)
    flags.DEFINE_string('brightness', '', 'MIN,MAX[,PROBABILITY]: brightness times a random factor, such as 0.5,2.0',
                        **given)
    flags.DEFINE_string('translate', '', 'X,Y[,PROBABILITY]: moved by up to X pixels sideways and Y up or down, such '
                        'as 30,20; MIN-MAX for either', **given)
    flags.DEFINE_float('gray', 0., 'probability of taking the colours away', 0., 1., **given)
    flags.DEFINE_string('preview_augmentation', '', 'write a picture of what augmentation does to this .png or .jpg, '
                        'and stop', **given)


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


def define_bad_data_flag(flag_values, default):
    """--bad_data; a default of None stands for what the run was trained with."""
    flags.DEFINE_enum('bad_data', default, ['stop', 'skip'], 'what a photo or annotation does that cannot be used or '
                      'has no partner: stop the run, or be left out and listed at the end'
                      + ('' if default else ' (default: as trained, else stop)'), flag_values=flag_values,
                      module_name='data')


def define_num_gpus_flag(flag_values, module_name):
    """--num_gpus, for training."""
    flags.DEFINE_integer('num_gpus', 1, 'GPUs that share the photos of each step, whose number must divide batch_size',
                         1, flag_values=flag_values, module_name=module_name)


def define_precision_flag(flag_values, module_name):
    """--precision, for training and prediction alike."""
    flags.DEFINE_enum('precision', 'auto', PRECISIONS, 'of the layers; weights in training and the loss are always '
                      'float32. auto takes bfloat16 where the processor or the GPU computes in it, else float32; '
                      'float16 is for older GPUs', flag_values=flag_values, module_name=module_name)


def define_scale_flags(flag_values):
    """--scales and --flip, of testing and inference."""
    given = {'flag_values': flag_values, 'module_name': 'prediction'}
    flags.DEFINE_string('scales', '1', 'each photo is seen at these scales and their probabilities are averaged: '
                        '0.5,0.75,1,1.25,1.5 takes six times as long', **given)
    flags.DEFINE_boolean('flip', False, 'the mirrored photo is averaged too, which takes twice as long', **given)
