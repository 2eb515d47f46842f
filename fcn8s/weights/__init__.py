"""Weight files.

checkpoints finds a checkpoint, checkpoint_reader opens it, restore loads it into a net, saver writes the next one.
vgg and pth read published weights, encoders finds and fetches them; initial chooses what a new run starts from.
"""
