"""Studies with known truth: planted biases, and the certificate of the diagnostics that look for them."""
