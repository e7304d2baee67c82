"""ONNX: conversion, canonical form, counts, passport, parity."""
