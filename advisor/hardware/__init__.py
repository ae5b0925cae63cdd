"""This computer's memory: what there is, how much of it a load may use, and what is wrong with it.

The way of an answer: `detectors` read each maker's drivers and the RAM, each for itself (`reading`); `detect`
asks them side by side and matches them with the engine's own list (`engine_devices`); `accounting` makes of
each reading a `Device` with its free, reserved and usable bytes; `doctor` says what is wrong. `what_if` makes
up other computers from the table of known GPUs and goes through the same accounting. `document` is all of it
as JSON, and back.
"""
