ltx_unit_test(audio TORCH SOURCES audio_test.cpp DEPENDS ltx_models_audio)
