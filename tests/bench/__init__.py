"""The benchmarks behind `./dev bench`: every figure beside a floor measured in the same run."""
