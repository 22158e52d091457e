ltx_unit_test(media SOURCES media_test.cpp media_movie_test.cpp media_late_sound_test.cpp
  DEPENDS ltx_media)
ltx_unit_test(media_tensors TORCH SOURCES media_tensors_test.cpp DEPENDS ltx_media_tensors)
