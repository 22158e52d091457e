if(TARGET ltx)
  ltx_unit_test(library TORCH SOURCES library_enhance_test.cpp library_media_test.cpp library_test.cpp DEPENDS ltx ltx_pipelines)
endif()
