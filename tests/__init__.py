"""Each package is tested in the folder of its name; attacks on the whole are in `attacks`."""
