"""The companion package of *The Intuition of Wav2Vec2's Transformer*: attention, positions, CTC, readable and tested.

Each module is built by one chapter of the course; its docstring says which.
"""

__version__ = "0.1.0"
