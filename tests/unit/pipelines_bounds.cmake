# What a recipe may meet and must survive: media of every kind, cancellation, the reference's quirks.
ltx_unit_test(pipelines_bounds TORCH
  SOURCES pipelines_bad_media_test.cpp pipelines_cancel_test.cpp pipelines_lora_test.cpp pipelines_quirks_test.cpp
  DEPENDS ltx_pipelines)
# The networks are tiny: a second thread costs more than it does.
set_tests_properties(pipelines_bounds PROPERTIES ENVIRONMENT "OMP_NUM_THREADS=1")
