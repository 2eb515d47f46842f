"""The progress line of a training run."""


def describe(bar, shown, waited_seconds, batch_size, skipped):
    """What stands behind tqdm's bar.

    shown: the last loss, pixel_accuracy and classes_predicted; waited_seconds: for photos, so far; skipped: steps.
    """
    rate = (bar.format_dict['rate'] or 0.) * batch_size
    waiting = waited_seconds / max(bar.format_dict['elapsed'], 1e-9)
    skipped = f', {skipped} steps skipped' if skipped else ''
    return (f'loss {shown["loss"]:.3f}, accuracy {shown["pixel_accuracy"]:.2f}, {shown["classes_predicted"]} '
            f'classes, {rate:.1f} images/s, {waiting:.0%} waiting{skipped}')
