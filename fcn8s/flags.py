"""Every flag of every script, by group.

A script takes its flags from one function here and sets their defaults to its own constants:

    FLAGS = train_flags(batch_size=BATCH_SIZE, max_steps=MAX_STEPS)

tf.flags is absl.flags; importing it from absl spares --help the wait for TensorFlow.
"""
from absl import flags

from fcn8s.devices import PRECISIONS
from fcn8s.evaluation.pictures import KINDS
from fcn8s.prediction.shards import AUTO
from fcn8s.prediction.tiles import AUTO_TILE, TILE_MARGIN
from fcn8s.utils.cli import flag_group, with_defaults
from fcn8s.visualize import IDS, VIEWS


def train_flags(**defaults):
    """The FlagValues of FCN_train."""
    values = flags.FlagValues()
    add = flag_group(values, 'data')
    add.string('data_dir', None, 'folder with images/, annotations/ and classes.csv')
    add.string('list', '', 'file of relative image paths, one per line, or an .odgt: train on these photos alone')
    add.integer('batch_size', 2, 'photos per step, resized to one common size', 1)
    add.boolean('shuffle', True, '--noshuffle reads the photos in the order of their names')
    add.integer('ignore_label', None, 'exclude pixels with this id from loss and scores: 0 excludes "others", 255 the '
                'border that some masks have (default: none)', 0, 255)
    _bad_data(add, 'stop')
    add.integer('read_threads', 2, 'threads that decode photos', 1)
    _net_flags(values, trained=False)
    add = flag_group(values, 'training')
    add.string('recipe', '', 'set the flags that the published net of this name was trained with; yours win')
    add.float('learning_rate', 1e-5, 'learning rate; 1e-4 is common for Adam from scratch', 0.)
    add.integer('max_steps', 1, 'step at which the run ends, counted from its first start', 1)
    add.integer('seed', 0, 'random seed of initial weights, photo order, augmentation and dropout', 0)
    add.string('pretrained', 'auto', 'encoder to start from: auto takes it from model_dir if present, none starts from '
               'scratch, download fetches it, FILE is a VGG (.mat, .npy, .npz, .h5, .pth, SavedModel) or other .pth')
    add.string('model_dir', None, 'folder of pretrained encoders')
    add.string('init_from', '', 'checkpoint or published net to start from: takes what fits, with a fresh optimizer')
    add = flag_group(values, 'output')
    add.string('logs_dir', None, 'folder for checkpoints, curves and config.json')
    add.integer('save_every', 500, 'steps between checkpoints', 1)
    add.integer('validate_every', 500, 'steps between validations', 1)
    add.integer('validation_num', 100, 'photos per validation, 0 for all', 0)
    add.integer('validation_max_side', 1536, 'scale larger validation photos down to this longer side', 32)
    add.boolean('debug', False, 'TensorBoard histograms of activations, sparsity and gradients; slow')
    _precision(values, 'steps')
    add = flag_group(values, 'steps')
    add.integer('num_gpus', 1, 'GPUs that share the photos of each step; must divide batch_size', 1)
    add.enum('optimizer', 'adam', ['adam', 'sgd'], 'Adam, or gradient descent with momentum')
    add.float('lr_encoder', None, 'learning rate of the pretrained layers (default: learning_rate)', 0.)
    add.float('lr_decoder', None, 'learning rate of the new layers (default: learning_rate)', 0.)
    add.string('lr_schedule', 'constant', 'constant, poly:POWER (falls to 0 at max_steps), or '
               'steps:STEP:RATE,STEP:RATE,... (the same rates for all layers)')
    add.float('momentum', 0.9, 'momentum of sgd', 0., 1.)
    add.float('weight_decay', 0., 'L2 penalty on all kernels', 0.)
    add.float('l2', 0., "L2 penalty on the decoder's kernels only, as in fcn8s_tensorflow", 0.)
    add.float('clip_norm', 0., 'clip gradients to this global norm; 0 for no clipping', 0.)
    add.string('class_weights', 'none', "weight of each class's pixels in the loss: none, median_frequency (rare "
               "classes count more), or a CSV file of index,weight")
    add.float('keep_prob', None, 'share of values that dropout keeps (default: as published, 0.8 for fcn8s)', 0.01, 1.)
    add.boolean('fix_bn', False, 'keep the batch normalization averages of --init_from; best for small batches')
    add.boolean('skip_nonfinite', False, 'skip and count a step with a non-finite loss or gradient instead of stopping')
    add.boolean('deterministic', False, 'the same command gives the same weights bit for bit; slower: the CPU sums in '
                'one thread. On a GPU it needs TensorFlow 2 and no --fix_bn')
    add = flag_group(values, 'augmentation')
    add.string('random_scale', '', 'MIN,MAX[,PROBABILITY]: scale by a random factor, such as 0.5,1.5')
    add.string('random_crop', '', 'HEIGHTxWIDTH, multiples of 32: train on a random window of this size; smaller '
               'photos are padded, and the padding is excluded from the loss')
    add.float('flip', 0., 'probability of mirroring left and right', 0., 1.)
    add.string('brightness', '', 'MIN,MAX[,PROBABILITY]: multiply the brightness by a random factor, such as 0.5,2.0')
    add.string('translate', '', 'X,Y[,PROBABILITY]: shift by up to X pixels sideways, Y up or down; each or MIN-MAX')
    add.float('gray', 0., 'probability of removing the colours', 0., 1.)
    add.string('preview_augmentation', '', 'write a picture of augmented photos to this .png or .jpg file, and stop')
    return with_defaults(values, defaults)


def test_flags(**defaults):
    """The FlagValues of FCN_test. Values left at None come from the run's config.json."""
    values = flags.FlagValues()
    add = flag_group(values, 'test')
    add.integer('test_num', 100, 'photos to test, 0 for all (default with --list: all)', 0)
    add.string('list', '', 'file of relative image paths, one per line, or an .odgt: test these photos, from any split')
    add.boolean('verbose', False, 'print one line per photo')
    add.boolean('report', False, 'write logs_dir/test/report.html: scores, classes, confusions, best and worst photos')
    add.string('save', '', f'pictures to write for every photo, separated by commas: {", ".join(KINDS)}. A submission '
                'to the scene parsing benchmark holds ids from 1 on, without class 0')
    add.boolean('save_good', False, 'write photo | prediction | truth of well predicted photos to logs_dir/test/good')
    add.float('good_accuracy', 0., 'pixel accuracy above which a photo counts as well predicted', 0., 1.)
    add.float('good_mean_iu', 0., 'mean IU above which a photo counts as well predicted', 0., 1.)
    _scale_flags(values)
    _checkpoint_flags(values, '; results go to its test/ folder, or without this flag to the test/ folder of the run '
                              'that --checkpoint belongs to')
    _tile_flags(values)
    _precision(values, 'prediction')
    _net_flags(values, trained=True)
    add = flag_group(values, 'data')
    _bad_data(add, None)
    add.integer('ignore_label', None, 'exclude pixels with this id from the scores (default: as trained)', 0, 255)
    return with_defaults(values, defaults)


def infer_flags(**defaults):
    """The FlagValues of FCN_infer."""
    values = flags.FlagValues()
    add = flag_group(values, 'infer')
    add.string('infer_dir', None, 'folder of photos and films to use if the command line names none')
    add.string('output_dir', None, 'folder for the results; created if missing; must not hold the photos')
    add.enum('view', 'overlay', list(VIEWS) + [IDS], 'what pictures and films show: class colours blended into the '
             'photo, the colours alone, or the photo beside (horizontal) or above (vertical) its overlay; ids writes '
             'one grey PNG of class ids per photo and nothing else, which the scene parsing benchmark expects with '
             '--nopredict_class_0')
    add.string('color_map', None, 'a classes.csv with the names and colours to show (default: as trained)')
    add.boolean('softmax', False, 'also save the probabilities: NAME_softmax.npz, "softmax", float16 [H, W, classes]')
    add.boolean('skip_done', False, 'skip inputs whose results are newer than the input and the checkpoint')
    add.string('list', None, 'file with the path of a photo or film on each line; - reads them from standard input')
    add.string('shard', AUTO, 'i/n: process the i-th of n parts, so that n computers can share the work. auto: as the '
               'tasks of a SLURM array or of srun say, otherwise everything; auto/n: also by JOB_COMPLETION_INDEX of a '
               'Kubernetes Job')
    add.boolean('manifest', False, 'write a line of JSON about each input to output_dir/manifest-i-of-n.jsonl: seconds '
                'and class shares, or the error; always on if there are several shards')
    add.boolean('summary', False, 'merge the manifests in output_dir, and segment nothing')
    add.string('film', None, 'make this film (.mp4) from the one folder of frames on the command line')
    add.float('fps', 25., 'frames per second of --film', 0.1, 1000.)
    add = flag_group(values, 'size')
    add.integer('max_side', None, 'scale photos down to this longer side (default: none; published nets 800)', 32)
    _tile_flags(values)
    _checkpoint_flags(values)
    _scale_flags(values)
    _precision(values, 'prediction')
    _net_flags(values, trained=True)
    return with_defaults(values, defaults)


def export_flags(formats, **defaults):
    """The FlagValues of FCN_export; formats: the names that --format takes."""
    values = flags.FlagValues()
    add = flag_group(values, 'export')
    add.string('export_dir', None, 'new folder; TensorFlow Serving expects one that ends in a number: models/cats/1')
    add.enum('format', 'saved_model', formats, 'SavedModel and frozen GraphDef for TensorFlow; the others need '
             'requirements-export.txt')
    add.enum('precision', 'float32', ('float32', 'float16', 'int8'), 'number format of the weights; float16 for '
             'openvino and tflite, int8 for openvino, which halves and quarters their size')
    add.integer('calibration_num', 100, 'int8 is calibrated on so many training photos of data_dir and scored on so '
                'many validation photos', 1)
    add.float('max_loss', 0.01, 'mean IoU that int8 may cost; an export that costs more is not kept', 0., 1.)
    _checkpoint_flags(values)
    _net_flags(values, trained=True)
    return with_defaults(values, defaults)


def _net_flags(values, trained):
    """trained: whether the net's config.json gives the defaults."""
    add = flag_group(values, 'net')
    as_run = ' (default: as the run in logs_dir was trained)' if trained else ''
    classes = 'as trained' if trained else 'the lines of classes.csv'
    add.string('net', None, 'row of NETS to build; python FCN_model.py lists them' + as_run)
    add.integer('num_classes', None, f'number of classes, 0 = "others" included (default: {classes})', 2, 256)
    add.float('width', None if trained else 1., 'fraction of the published channels in every hidden layer; 0.25 trains '
              'on a laptop, but published weights fit 1 only' + as_run, 0.01, 1.)


def _checkpoint_flags(values, logs_dir_also=''):
    add = flag_group(values, 'checkpoint')
    add.string('logs_dir', 'logs', 'folder of the training run to use' + logs_dir_also)
    add.string('checkpoint', '', 'a prefix such as logs/model.ckpt-500, one of its files, a folder, "best" on '
               'validation, or a published net that python FCN_model.py lists (default: the last in logs_dir)')
    add = flag_group(values, 'data')
    add.string('data_dir', None, 'data set whose photos or classes.csv to use (default: as trained)')
    add = flag_group(values, 'prediction')
    add.boolean('predict_class_0', True, '--nopredict_class_0 excludes class 0 from predictions: every pixel gets one '
                'of the named classes')


def _scale_flags(values):
    add = flag_group(values, 'prediction')
    add.string('scales', '1', 'average the probabilities over these scales, such as 0.5,0.75,1,1.25,1.5')
    add.boolean('flip', False, 'average over the mirrored photo too; takes twice as long')


def _tile_flags(values):
    add = flag_group(values, 'size')
    add.integer('tile', None, 'process photos larger than this side in tiles, which bounds the memory; 0 for never '
                 f'(default: {AUTO_TILE} for the fcn nets, with a margin that changes no result; 0 for the '
                 'dilated nets, whose scores depend on the whole photo)', 0)
    add.integer('tile_margin', TILE_MARGIN, 'computed border of a --tile; with 288, the fcn nets predict as if untiled', 0)


def _bad_data(group, default):
    group.enum('bad_data', default, ['stop', 'skip'], 'on a photo or annotation that is unusable or has no partner: '
               'stop the run, or skip it and list it at the end' + ('' if default else ' (default: as trained, else '
                                                                    'stop)'))


def _precision(values, heading):
    add = flag_group(values, heading)
    add.enum('precision', 'auto', PRECISIONS, 'number format of the layers; training keeps weights and loss in '
             'float32. auto is bfloat16 if the processor or GPU supports it, otherwise float32; float16 is for older '
             'GPUs')
