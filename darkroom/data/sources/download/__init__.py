"""The files of a recipe, from wherever they can be had, each proven to be the right one."""
