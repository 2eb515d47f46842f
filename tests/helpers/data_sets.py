"""Datasets of records that a test made."""
from fcn8s.data.classes import generic_classes
from fcn8s.data.records import Dataset


def dataset_of(records, num_classes=2, ignore_label=None, bad=None):
    """A Dataset with generic classes."""
    return Dataset(tuple(records), generic_classes(num_classes), ignore_label, bad)
