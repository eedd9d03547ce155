#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "prove/prove.hpp"

namespace rollcall::prove {
namespace {

constexpr double kMillisADay = 24 * 3600'000;

std::string look_ups(int64_t people) {
  return thousands(people) + (people == 1 ? " look-up" : " look-ups");
}

std::string in_words(ProofWay way, const Need& need) {
  switch (way) {
    case ProofWay::none:
      break;
    case ProofWay::look_ups:
      return look_ups(need.people);
    case ProofWay::whole_export:
      return (need.exported ? "the export of all contacts" : "an export of all contacts") +
             (need.look_ups_after_export ? " and some " + look_ups(*need.look_ups_after_export)
                                         : std::string());
    case ProofWay::increment:
      return (need.by_index->up_to_date ? "the increment and " : "an increment and ") +
             look_ups(need.by_index->look_ups);
  }
  return "";
}

}  // namespace

std::string to_json(const ExportRates& rates) {
  return nlohmann::json{{"contacts", rates.contacts},
                        {"seconds", rates.seconds},
                        {"updated_a_day", rates.updated_a_day}}
      .dump();
}

ExportRates export_rates_from_json(const std::string& text) {
  const nlohmann::json in = read_json<nlohmann::json>(text);
  if (!in.is_object() || !in.contains("contacts") || !in["contacts"].is_number_integer() ||
      !in.contains("seconds") || !in["seconds"].is_number())
    return {};
  ExportRates out{in["contacts"].get<int64_t>(), in["seconds"].get<double>()};
  if (in.contains("updated_a_day") && in["updated_a_day"].is_number())
    out.updated_a_day = in["updated_a_day"].get<double>();
  return out;
}

ProofChoice choose(const Need& need, const Rates& rates) {
  ProofChoice out;
  if (need.people == 0) return out;
  const auto seconds = [&](int64_t people) {
    return static_cast<double>(people) / rates.look_ups_per_second;
  };
  out.ways[ProofWay::look_ups] = {need.people, seconds(need.people)};
  const double whole = rates.exports.seconds;
  if (need.exported) {
    out.ways[ProofWay::whole_export] = {};
  } else if (need.may_export) {
    out.ways[ProofWay::whole_export] = {1, rates.seconds_to_export + whole};
  }
  if (const auto after = need.look_ups_after_export;
      after && out.ways.contains(ProofWay::whole_export)) {
    out.ways[ProofWay::whole_export].calls += *after;
    out.ways[ProofWay::whole_export].seconds += seconds(*after);
  }
  if (need.by_index && (need.by_index->up_to_date || need.may_export)) {
    ProofForecast increment{need.by_index->look_ups, seconds(need.by_index->look_ups)};
    if (!need.by_index->up_to_date) {
      const double days =
          static_cast<double>((rates.now - need.by_index->complete_to).count()) / kMillisADay;
      const double share = std::clamp(days * rates.exports.updated_a_day, 0.0, 1.0);
      increment.calls += 1;
      increment.seconds += rates.seconds_to_export + whole * share;
    }
    out.ways[ProofWay::increment] = increment;
  }
  out.way = ProofWay::look_ups;
  for (const auto& [way, forecast] : out.ways)
    if (forecast.seconds < out.ways[out.way].seconds) out.way = way;
  out.why = fmt::format("{} in about {:.0f} s", in_words(out.way, need),
                        std::ceil(out.ways[out.way].seconds));
  for (const auto& [way, forecast] : out.ways)
    if (way != out.way)
      out.why += fmt::format("; {}: {:.0f} s", in_words(way, need), std::ceil(forecast.seconds));
  return out;
}

}  // namespace rollcall::prove
