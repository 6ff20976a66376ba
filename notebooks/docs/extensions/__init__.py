"""Sphinx extensions that generate the parts of the site with a source elsewhere."""
