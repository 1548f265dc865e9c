// Reads and shows rates.
#include "mta/config/route_config.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "proto/printable.h"

namespace mxpress::mta {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  Duration period;
};
constexpr Unit kUnits[] = {{"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}};

// Only digits, and in range or zero.
std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && count <= Rate::kMost ? std::optional(count) : std::nullopt;
}

}  // namespace

Result<Rate> Rate::parse(std::string_view text) {
  const std::string shown = "\"" + proto::printable(text, 50) + "\"";
  const auto slash = text.find('/');
  const std::string_view number = text.substr(0, slash);
  const auto count = parse_count(number);
  if (slash == text.npos)
    return Error::permanent(shown + " does not say in which time: write " + (count ? std::string(number) : std::string("100")) +
                            "/s, /m, /h or /d, such as \"100/h\"");
  if (!count)
    return Error::permanent(shown + " must begin with a whole number from 1 to " + std::to_string(kMost) +
                            ", in digits alone, such as \"100/h\"");
  if (*count == 0)
    return Error::permanent(shown + " lets nothing through: write at least 1, such as \"1/h\"; transport = \"hold\" keeps all mail back");
  const auto unit = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& one) { return one.name == text.substr(slash + 1); });
  if (unit == std::end(kUnits))
    return Error::permanent(shown + " must end with /s, /m, /h or /d (second, minute, hour, day), such as \"" + std::string(number) +
                            "/d\"");
  return Rate{*count, unit->period};
}

std::string Rate::unit() const {
  const auto found = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& one) { return one.period == period; });
  return std::string(found == std::end(kUnits) ? std::string_view() : found->name);
}

}  // namespace mxpress::mta
