ltx_unit_test(text TORCH SOURCES text_test.cpp text_encoder_test.cpp text_tokenizer_test.cpp DEPENDS ltx_models_text)
