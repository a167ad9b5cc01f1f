"""Knows how torchvision's wheel for CUDA is imported beside a torch without CUDA; knows no test and no model.

Its compiled half does not load there, and then its import fails over operators that the half would have declared,
torchvision::nms and torchvision::qnms. Importing this module has them declared just before torchvision is imported.
Transforms work then; the two operators, and torchvision's own reading of image files, do not. `environments.py`
copies this file into an environment that needs it, with a .pth line that imports it as Python starts.
"""

import sys


class Declaring:
    """A finder that finds nothing: it only notices that torchvision is asked for."""

    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(self)
            import torch

            library = torch.library.Library("torchvision", "DEF")
            for operator in ("nms", "qnms"):
                library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            declared.append(library)  # declarations last as long as their library
        return None


declared: list[object] = []
sys.meta_path.insert(0, Declaring())
