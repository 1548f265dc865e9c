"""How long the disk takes for a sync while a campaign runs: an outcome waits in memory as long as the sync before it takes."""
import bisect
import os
import threading
import time

EVERY = 0.02


class Pace(threading.Thread):
    """Writes and syncs a small file beside the spool, again and again, between start() and close()."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.closing, self.syncs = path, threading.Event(), []

    def run(self):
        with open(self.path, 'wb', buffering=0) as file:
            while not self.closing.wait(EVERY):
                begin = time.monotonic()
                file.write(b'x' * 512)
                os.fdatasync(file.fileno())
                self.syncs.append((begin, time.monotonic()))

    def close(self):
        self.closing.set()
        self.join()

    def longest(self, begin, end):
        """Of the syncs that were under way between these moments, in seconds."""
        first = bisect.bisect_left(self.syncs, begin, key=lambda sync: sync[1])
        last = bisect.bisect_right(self.syncs, end, key=lambda sync: sync[0])
        return max((done - start for start, done in self.syncs[first:last]), default=0.0)
