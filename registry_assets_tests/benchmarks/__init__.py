"""The benchmark itself: that it fills what it says, and measures what is right. No timings."""
