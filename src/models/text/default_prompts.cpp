#include "models/text/default_prompts.h"

namespace ltx::text {

std::string_view default_negative_prompt() {
  return "subtitles, captions, on-screen text, watermark, logo, interface overlay, burned-in timecode, title "
         "card, "
         "scene cut, cross-fade, wipe transition, flashing frames, frozen frame, looping motion, out of "
         "focus, motion "
         "smear, soft blurry image, low resolution, compression blocks, banding, film grain, sensor noise, "
         "moire, "
         "overexposed highlights, crushed shadows, washed-out color, oversaturated color, unnatural color "
         "cast, flat "
         "lighting, flickering light, inconsistent shadows, harsh flash, distorted face, asymmetric eyes, "
         "extra fingers, "
         "missing limbs, fused hands, twisted joints, warped body, melting objects, floating objects, "
         "duplicated subject, "
         "changing identity, jittery motion, shaky camera, tilted horizon, sudden zoom, wrong perspective, "
         "cluttered "
         "framing, cropped subject, plastic skin, cartoon look, wax figure, low detail, bad anatomy, muffled "
         "sound, "
         "clipped audio, hiss, hum, crackle, metallic echo, robotic voice, mumbled speech, speech out of "
         "sync with the "
         "lips, abrupt silence, mismatched ambience";
}

}  // namespace ltx::text
