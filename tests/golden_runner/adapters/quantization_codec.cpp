// quant.codec
#include "quantization_codec.h"

#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_codec(Registry& registry) {
  Codecs codecs;
  add_floating_codecs(codecs);
  add_integer_codecs(codecs);
  registry["quant.codec"] = [codecs](const Case& c) {
    const auto format = c.params.at("format").get<std::string>();
    const auto found = codecs.find(format);
    if (found == codecs.end()) throw std::runtime_error("unknown format '" + format + "'");
    return found->second(c);
  };
}

}  // namespace ltx::golden
