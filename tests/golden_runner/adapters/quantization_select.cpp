// quant.select
#include <algorithm>

#include "base/error.h"
#include "golden.h"
#include "quant/layer_sets.h"
#include "quant/policy.h"
#include "quantization.h"

namespace ltx::golden {
namespace {

using nlohmann::json;

std::vector<std::string> names_of(const json& list) {
  return list.get<std::vector<std::string>>();
}

json sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

template <class Test>
json select(const std::vector<std::string>& names, Test&& test) {
  std::vector<std::string> taken;
  std::copy_if(names.begin(), names.end(), std::back_inserter(taken), test);
  return sorted(std::move(taken));
}

json sets(const Case& c) {
  json values = json::object();
  const std::pair<const char*, quant::LayerSet> all[] = {
      {"S28", quant::LayerSet::S28}, {"S34", quant::LayerSet::S34}, {"S12", quant::LayerSet::S12}};
  std::vector<std::string> names;
  for (const auto& name : names_of(c.params.at("names"))) names.push_back(quant::canonical_name(name));
  for (const auto& [key, set] : all)
    values[key] = select(names, [set = set](const std::string& name) { return quant::in_set(set, name); });
  return values;
}

json matcher(const Case& c) {
  const auto kind = quant::kind_named(c.params.at("policy").get<std::string>());
  json values = json::object();
  if (c.params.contains("discovered")) {
    const auto discovered = names_of(c.params.at("discovered"));
    values["modules"] = select(names_of(c.params.at("modules")), [&](const std::string& module) {
      return quant::reference::stored_module(module, discovered);
    });
    return values;
  }
  if (c.params.contains("modules"))
    values["modules"] = select(names_of(c.params.at("modules")), [&](const std::string& module) {
      return quant::reference::takes(kind, module);
    });
  if (c.params.contains("keys"))
    values["keys"] = select(names_of(c.params.at("keys")), [&](const std::string& key) {
      return kind == quant::Kind::Fp8Cast ? quant::reference::fp8_cast_key(key)
                                          : quant::reference::block128_key(key);
    });
  return values;
}

/// "int4-g64": the policy int4 with groups of 64.
quant::Policy policy_named(std::string name, bool reference) {
  quant::Options options;
  options.reference = reference;
  if (const auto group = name.find("-g"); name.starts_with("int4") && group != std::string::npos) {
    options.group_size = std::stoll(name.substr(group + 2));
    name.resize(group);
  }
  return {quant::Target::Transformer, quant::kind_named(name), options};
}

json dims(const Case& c) {
  json values = json::object();
  const bool reference = c.param<std::string>("semantics", "L") == "R";
  for (const auto& [name, expected] : c.description.at("expect").items()) {
    const auto policy = policy_named(name, reference);
    auto& results = values[name] = json::object();
    for (const auto& shape : c.params.at("shapes")) {
      const auto rows = shape.at(0).get<int64_t>(), columns = shape.at(1).get<int64_t>();
      const auto decision = policy.decide({"transformer_blocks.0.attn1.to_q", rows, columns}, {});
      results[std::to_string(rows) + "x" + std::to_string(columns)] =
          decision.outcome == quant::Outcome::Quantized ? "quantized" : decision.skipped;
    }
  }
  return values;
}

json keep(const Case& c) {
  json values = json::object();
  // The keys are the JSON text of the specs, whatever its spacing.
  for (const auto& [key, expected] : c.description.at("expect").items()) {
    const auto spec = json::parse(key);
    quant::Options options;
    options.keep_bf16_blocks = spec.is_string() ? quant::keep_blocks_named(spec.get<std::string>())
                                                : spec.get<std::vector<int64_t>>();
    const auto policy = quant::Policy(quant::Target::Transformer, quant::Kind::Int8, options)
                            .for_depth(c.params.at("num_layers").get<int64_t>());
    values[key] = select(names_of(c.params.at("names")), [&](const std::string& name) {
      return policy.decide({name, 64, 64}, {}).outcome == quant::Outcome::Quantized;
    });
  }
  return values;
}

json text_encoder(const Case& c) {
  const quant::Policy policy(quant::Target::TextEncoder, quant::Kind::Int8);
  return {{"selected", select(names_of(c.params.at("names")), [&](const std::string& name) {
             return policy.decide({name, 64, 64}, {}).outcome == quant::Outcome::Quantized;
           })}};
}

Results run_select(const Case& c) {
  const auto op = c.params.at("op").get<std::string>();
  if (op == "sets") return {{}, sets(c)};
  if (op == "matcher") return {{}, matcher(c)};
  if (op == "dims") return {{}, dims(c)};
  if (op == "keep") return {{}, keep(c)};
  if (op == "text_encoder") return {{}, text_encoder(c)};
  throw std::runtime_error("unknown op '" + op + "'");
}

}  // namespace

void register_quant_select(Registry& registry) {
  registry["quant.select"] = run_select;
}

}  // namespace ltx::golden
