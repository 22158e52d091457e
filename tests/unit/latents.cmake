ltx_unit_test(latents TORCH SOURCES latents_test.cpp DEPENDS ltx_latents)
