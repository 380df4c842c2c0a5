"""Simulated wearers with ground truth. Pure: the seed and the times passed in decide everything."""
