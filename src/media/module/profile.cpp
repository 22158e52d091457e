// Embedded colour profiles (spec 07 §8.1).
#include <lcms2.h>

#include <algorithm>
#include <memory>
#include <type_traits>

#include "media/module/ffmpeg.h"

namespace ltx::media_module {

std::string apply_profile(Picture& picture) {
  if (picture.source_channels == 0) return "its colour profile is not used for a palette picture";
  struct Closer {
    void operator()(void* p) const { cmsCloseProfile(p); }
  };
  using Profile = std::unique_ptr<void, Closer>;
  // A context of its own: the default context's error handler belongs to the host.
  const std::unique_ptr<std::remove_pointer_t<cmsContext>, void (*)(cmsContext)> context(
      cmsCreateContext(nullptr, nullptr), cmsDeleteContext);
  if (!context) return "its colour profile finds no memory";
  const Profile source(cmsOpenProfileFromMemTHR(context.get(), picture.profile.data(),
                                                static_cast<cmsUInt32Number>(picture.profile.size())));
  if (!source) return "its colour profile is damaged";
  const Profile target(cmsCreate_sRGBProfileTHR(context.get()));
  const cmsUInt32Number layout = picture.source_channels == 1   ? TYPE_GRAY_8
                                 : picture.source_channels == 4 ? TYPE_CMYK_8
                                                                : TYPE_RGB_8;
  const std::unique_ptr<void, void (*)(void*)> transform(
      cmsCreateTransformTHR(context.get(), source.get(), layout, target.get(), TYPE_RGB_8, INTENT_PERCEPTUAL,
                            0),
      cmsDeleteTransform);
  if (!transform) return "its colour profile does not fit the picture";
  constexpr int64_t kRun = 1 << 16;
  for (int64_t begin = 0; begin < picture.pixels(); begin += kRun)
    cmsDoTransform(transform.get(), picture.source.data() + begin * picture.source_channels,
                   picture.rgb.get() + 3 * begin,
                   static_cast<cmsUInt32Number>(std::min(kRun, picture.pixels() - begin)));
  return {};
}

}  // namespace ltx::media_module
