"""Knows the names that SGLang 0.5.23 imports from its kernels where there is no GPU; computes nothing.

The package with the kernels is built for CUDA. On a CPU, SGLang calls none of them unless its own CPU build is there,
and computes with PyTorch; but importing it needs these names, mostly of speculative decoding. `environments.py` copies
this file into the environment as the module `sgl_kernel`. A release that needs another name says so as it starts.
"""

import torch

_FUNCTIONS = (
    "assign_draft_cache_locs_contiguous_cpu",
    "assign_extend_cache_locs_cpu",
    "assign_req_to_token_pool_cpu",
    "build_tree_kernel_efficient_cpu",
    "copy_all_layer_kv_cache_cpu",
    "fill_accept_out_cache_loc_cpu",
    "fill_bonus_tokens_cpu",
    "verify_tree_greedy_cpu",
)
_OPERATORS = (  # of Qwen3.5, whose module SGLang imports to prepare pictures for any Qwen
    "fused_qk_gemma_rmsnorm_cpu",
    "fused_qk_gemma_rmsnorm_with_gate_cpu",
    "fused_qkvzba_split_reshape_cat_contiguous_cpu",
    "fused_sigmoid_mul_cpu",
)


def _missing(name):
    def kernel(*_args, **_options):
        raise NotImplementedError(f"sgl_kernel.{name} is not here: {__file__} has only names")

    return kernel


globals().update({name: _missing(name) for name in _FUNCTIONS})

_library = torch.library.Library("sgl_kernel", "FRAGMENT")  # declarations last as long as their library
for _name in _OPERATORS:
    _library.define(f"{_name}(Tensor x) -> Tensor")
