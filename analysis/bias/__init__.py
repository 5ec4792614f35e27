"""Is a judge biased beyond what people give credit for? See `eiv` for the estimator behind all of it."""
