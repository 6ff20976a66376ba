"""What the history keeps, and how much memory that takes."""

from __future__ import annotations

from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.track.history import History, Level, Sample


def sample(t_s: float, rss_bytes: int = 100, peak_bytes: int = 0) -> Sample:
    """A sample whose peak is its reading unless given."""
    return Sample(t_s=t_s, rss_bytes=rss_bytes, peak_bytes=max(rss_bytes, peak_bytes))


def test_samples_come_back_in_order() -> None:
    """What was appended is read oldest first."""
    history = History()
    samples = [sample(1.0), sample(1.25), sample(1.5)]
    for each in samples:
        history.append(each)
    assert history.since(0.0) == samples


def test_since_leaves_out_what_is_known() -> None:
    """A sample at the given time itself is not repeated."""
    history = History()
    for t_s in (1.0, 2.0, 3.0):
        history.append(sample(t_s))
    assert [each.t_s for each in history.since(2.0)] == [3.0]


def test_bucket_keeps_the_highest_peak() -> None:
    """Samples of one stretch become one: the latest reading, the highest peak."""
    level = Level(bucket_s=10.0, capacity=5)
    level.append(sample(11.0, 100, 900))
    level.append(sample(15.0, 300))
    assert level.since(0.0) == [sample(15.0, 300, 900)]


def test_late_sample_does_not_disturb_the_order() -> None:
    """A thread that comes a moment late does not put time backwards."""
    level = Level(bucket_s=0.1, capacity=5)
    level.append(sample(5.31))
    level.append(sample(5.29, 700))
    level.append(sample(5.45))
    assert [each.t_s for each in level.since(0.0)] == [5.31, 5.45]
    assert level.since(0.0)[0].peak_bytes == 700


def test_full_level_forgets_the_oldest() -> None:
    """A ring that is full drops from its start, also after many rounds."""
    level = Level(bucket_s=1.0, capacity=3)
    for t_s in range(1, 12):
        level.append(sample(float(t_s)))
    assert [each.t_s for each in level.since(0.0)] == [9.0, 10.0, 11.0]


def test_day_is_known_coarsely_and_minutes_finely() -> None:
    """Half a day back there is a sample in ten seconds, a minute back all of them."""
    history = History()
    now_s = 12 * 3600.0
    for tick in range(int(now_s) * 4):
        history.append(sample(tick / 4))
    samples = history.since(0.0)
    first_minute = [each for each in samples if each.t_s < 60]
    last_minute = [each for each in samples if each.t_s >= now_s - 60]
    times = [each.t_s for each in samples]
    assert (len(first_minute), len(last_minute)) == (6, 240)
    assert times == sorted(times)


def test_history_of_a_day_is_small() -> None:
    """However long a session lasts, the history takes under a MiB."""
    history = History()
    before_bytes = read_rss_bytes()
    for tick in range(24 * 3600 * 4):
        history.append(sample(tick / 4))
    assert read_rss_bytes() - before_bytes < 1024 * 1024
