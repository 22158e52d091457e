ltx_unit_test(api SOURCES api_test.cpp api_convert_test.cpp api_enhance_test.cpp api_request_test.cpp api_job_test.cpp ../api/toy_backend.cpp DEPENDS ltx_api_core)
