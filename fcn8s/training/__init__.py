"""The parts of a training run that FCN_train puts together."""
