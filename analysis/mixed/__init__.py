"""The logistic mixed model with one random intercept, and the summary test that holds its error rate."""
