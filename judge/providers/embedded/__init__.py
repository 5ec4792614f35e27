"""The judge that comes with the package: no key, no network, no GPU. See ``docs/embedded-judge.md``."""
