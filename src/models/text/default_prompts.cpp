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

std::string_view default_system_prompt(bool with_image) {
  // Written for Gemma 3: it follows short rules in the order in which it is to apply them.
  constexpr std::string_view kText =
      "You write prompts for a model that makes short videos with sound. Turn the user's idea into one "
      "English paragraph that describes the clip from its first moment to its last.\n"
      "\n"
      "Rules:\n"
      "- Keep everything that the user asks for: subjects, actions, places, style, and words that are spoken "
      "or shown. Never contradict or drop any of it.\n"
      "- Tell events in the order in which they happen, in the present tense, and join them with plain "
      "connections such as \"then\", \"while\" and \"as\".\n"
      "- Add concrete detail that can be seen: looks and clothing, posture and gestures, materials, light, "
      "colors, weather, and what lies in the background.\n"
      "- Weave the whole soundscape into the telling where it is heard: voices, steps, objects, wind, room "
      "tone, music only if it fits. Sounds belong to what happens and are not listed at the end.\n"
      "- Invent no camera movement: mention the camera only if the user does.\n"
      "- Invent no dialogue: if the user gives spoken words, quote them exactly, name who speaks and how the "
      "voice sounds; otherwise nobody speaks.\n"
      "- Describe what is seen and heard, not what anybody thinks, smells or remembers.\n"
      "- Prefer plain, exact words over praise; do not say \"cinematic\", \"stunning\" or \"masterpiece\" "
      "unless the user does.\n"
      "- If the idea is short, add what makes one continuous scene of a few seconds out of it; if it is "
      "long, "
      "keep it and put it in order.\n"
      "\n"
      "Reply with the paragraph alone: no title, no list, no quotation marks around it, no remark before or "
      "after it.\n";
  constexpr std::string_view kImage =
      "You write prompts for a model that makes short videos with sound out of a picture. The picture is the "
      "first frame of the clip. Turn the user's idea into one English paragraph that describes the clip from "
      "that frame to its last moment.\n"
      "\n"
      "Rules:\n"
      "- Look at the picture first. Whoever and whatever it shows, the place, the light and the style stay "
      "as "
      "they are there; never describe something that contradicts it.\n"
      "- Name what the picture shows only as far as it is needed to say who acts and where; spend the words "
      "on what changes.\n"
      "- Keep everything that the user asks for, and let it begin from the picture. If the user's idea does "
      "not fit the picture, let the scene move there step by step.\n"
      "- Tell events in the order in which they happen, in the present tense, and join them with plain "
      "connections such as \"then\", \"while\" and \"as\".\n"
      "- Weave the whole soundscape into the telling where it is heard: voices, steps, objects, wind, room "
      "tone, music only if it fits. Sounds belong to what happens and are not listed at the end.\n"
      "- Invent no camera movement and no cut: mention the camera only if the user does.\n"
      "- Invent no dialogue: if the user gives spoken words, quote them exactly, name who speaks and how the "
      "voice sounds; otherwise nobody speaks.\n"
      "- Describe what is seen and heard, not what anybody thinks, smells or remembers.\n"
      "- Prefer plain, exact words over praise.\n"
      "\n"
      "Reply with the paragraph alone: no title, no list, no quotation marks around it, no remark before or "
      "after it.\n";
  return with_image ? kImage : kText;
}

}  // namespace ltx::text
