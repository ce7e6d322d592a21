"""The local Z-Image engine: the only package that imports torch and diffusers."""
