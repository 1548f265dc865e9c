// Encodes 8-bit text in headers.
#include "proto/seven_bit_header.h"

#include "proto/ascii.h"
#include "proto/encoded_addresses.h"
#include "proto/encoded_text.h"
#include "proto/header.h"
#include "proto/header_folding.h"
#include "proto/mime_parameters.h"

namespace mxpress::proto {
namespace {

// Octets outside ASCII in addresses whose domains are converted: some 8 ms of IDNA for a whole header.
constexpr std::size_t kMaxConverted = 16 * 1024;

std::string encoded_value(const HeaderField& field, std::size_t& convertible) {
  if (is_address_field(field.name)) return encoded_addresses(field.value, convertible);
  const bool has_parameters = equal_in_any_case(field.name, "Content-Type") || equal_in_any_case(field.name, "Content-Disposition");
  return has_parameters ? encoded_parameters(field.value) : encoded_unstructured(field.value);
}

}  // namespace

std::string seven_bit_header(std::string_view header) {
  std::string encoded;
  encoded.reserve(header.size() + header.size() / 2);
  std::size_t convertible = kMaxConverted;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!has_eight_bit(field->text) || field->name.empty()) {
      encoded.append(field->text);
      continue;
    }
    const auto value = static_cast<std::size_t>(field->value.data() - field->text.data());
    encoded.append(field->text.substr(0, value))
        .append(encoded_value(*field, convertible))
        .append(field->text.substr(value + field->value.size()));
  }
  return folded_header(encoded).text;
}

}  // namespace mxpress::proto
