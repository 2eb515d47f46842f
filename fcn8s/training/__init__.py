"""What FCN_train's loop calls."""
