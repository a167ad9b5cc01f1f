"""Knows the two scripts of EasyAnimate's video_caption (April 2024): flags, columns, files; knows no model."""
