"""Explorable figures and the audio player: Python computes, a small script draws, no kernel and no network needed."""
