"""Training in several processes: how they are detected, how they connect, which rows each feeds, and the watchdog."""
