"""Every flag of every script, by group.

A script takes its flags from one function here and sets their defaults to its own constants:

    FLAGS = train_flags(batch_size=BATCH_SIZE, max_steps=MAX_STEPS)

tf.flags is absl.flags; importing it from absl spares --help the wait for TensorFlow.
"""
