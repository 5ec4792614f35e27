"""The prompts of the bundled strategies."""
