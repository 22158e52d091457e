ltx_bench(vae_decode SOURCES vae_decode.cpp DEPENDS ltx_models_video_vae)
