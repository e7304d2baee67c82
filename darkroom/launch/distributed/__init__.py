"""Several processes that train together: how they are found, how they meet, which rows each feeds, what ends them."""
