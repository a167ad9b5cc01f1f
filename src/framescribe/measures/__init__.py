"""Facts of a clip that can be measured in its pixels; knows no model and no caption."""
