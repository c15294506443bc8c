"""What Hypothesis makes up for the court: sound frames, and frames with one fault.

To import Hypothesis costs a third of a second, so nothing of this is imported before it is needed.
"""
