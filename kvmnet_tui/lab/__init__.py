"""`--lab`: a small living host in namespaces of its own."""
