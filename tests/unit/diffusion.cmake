ltx_unit_test(diffusion TORCH SOURCES diffusion_test.cpp diffusion_stage_test.cpp DEPENDS ltx_diffusion)
