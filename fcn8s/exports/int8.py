"""Exports in int8: calibrated on training photos, judged by their scores on validation photos."""
from fcn8s.data.photos import read_photo
from fcn8s.evaluation.evaluate import evaluate
from fcn8s.evaluation.metrics import all_class_scores
from fcn8s.exports.openvino_format import quantize
from fcn8s.prediction.options import Options
from fcn8s.prediction.scales import example_predictor
from fcn8s.utils.errors import UserError
from read_data import read_dataset


def calibrate(folder, data_dir, net, number, description):
    """Turns the openvino export in a folder into int8, calibrated on the first `number` training photos of data_dir."""
    records = read_dataset(data_dir, 'training', net.num_classes).records[:number]
    quantize(folder, [read_photo(record.image) for record in records], description)
    return len(records)


def compare_scores(segmenter, exported, data_dir, number, max_loss):
    """Scores a float32 Segmenter and an ExportedNet of int8 on the first validation photos; prints both.

    Args:
      number: of photos.
      max_loss: of mean IU over all classes that is accepted.

    Raises UserError if the export loses more.
    """
    ignore_label = (segmenter.config or {}).get('flags', {}).get('ignore_label')
    dataset = read_dataset(data_dir, 'validation', segmenter.net.num_classes, ignore_label)
    dataset = dataset._replace(records=dataset.records[:number])
    scores = []
    for net, precision in ((segmenter, 'float32'), (exported, 'int8')):
        predict = example_predictor(net, Options())
        matrix = sum(result.full for result in evaluate(dataset, predict, batches=net.batches))
        scores.append(all_class_scores(matrix))
        print(f'{precision:>8}: mean IoU {scores[-1].mean_iou:.4f}, pixel accuracy {scores[-1].pixel_accuracy:.4f} on '
              f'{len(dataset.records)} validation photos of {data_dir}')
    loss = scores[0].mean_iou - scores[1].mean_iou
    if not loss <= max_loss:
        raise UserError(f'int8 costs {loss:.4f} of mean IoU, more than --max_loss={max_loss:g}. Nothing was kept. '
                        'Calibrate on more photos (--calibration_num), accept it (--max_loss=1), or leave int8.')
