"""The flags of the scripts that use a trained net: FCN_test, FCN_infer, FCN_export."""
from absl import flags

from fcn8s.evaluation.pictures import KINDS
from fcn8s.flags.shared import (
    add_bad_data,
    add_checkpoint_flags,
    add_net_flags,
    add_precision,
    add_scale_flags,
    add_tile_flags,
)
from fcn8s.prediction.shards import AUTO
from fcn8s.utils.cli import flag_group, with_defaults
from fcn8s.visualize import IDS, VIEWS


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
    add_scale_flags(values)
    add_checkpoint_flags(values, '; results go to its test/ folder, or without this flag to the test/ folder of the '
                                 'run that --checkpoint belongs to')
    add_tile_flags(values)
    add_precision(values, 'prediction')
    add_net_flags(values, trained=True)
    add = flag_group(values, 'data')
    add_bad_data(add, None)
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
    add_tile_flags(values)
    add_checkpoint_flags(values)
    add_scale_flags(values)
    add_precision(values, 'prediction')
    add_net_flags(values, trained=True)
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
    add_checkpoint_flags(values)
    add_net_flags(values, trained=True)
    return with_defaults(values, defaults)
