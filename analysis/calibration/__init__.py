"""What people would have said: calibrated judges, and the labels that are worth buying next."""
