"""Where a data set comes from: download and archives bring its files, readers find the labelled images among them.

`dataset` puts these together: it opens whatever `dataset:` in params.yaml names.
"""
