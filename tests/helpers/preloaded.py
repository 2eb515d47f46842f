"""What processes.py forks from: TensorFlow and the training imported, and nothing of it used yet."""
import threading

import matplotlib.backends.backend_agg
import matplotlib.figure
import tiny_net
from tqdm import tqdm

import FCN_train
from fcn8s.utils.tf1 import tf

tqdm.set_lock(threading.RLock())  # its own is also for several processes, and a killed one would leave it behind
assert FCN_train and tiny_net and matplotlib and tf.version.VERSION  # the first use of tf imports it
