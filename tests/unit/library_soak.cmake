# 10 generations of mixed recipes in one process; scripts/check-all asks for 50.
if(TARGET ltx)
  ltx_unit_test(library_soak TORCH SOURCES library_soak_test.cpp live_bytes.cpp DEPENDS ltx ltx_pipelines LABELS soak)
  set_tests_properties(library_soak PROPERTIES ENVIRONMENT "OMP_NUM_THREADS=1")
endif()
