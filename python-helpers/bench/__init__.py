"""Benchmarks of the library beside its peers, in one run, as ratios: `npm run bench`."""
