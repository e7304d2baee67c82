"""Figures of merit, pictures, and the page."""
