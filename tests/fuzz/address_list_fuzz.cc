// Fuzzes headers and their address lists: the fields joined are the header again, and completing a header twice adds nothing.
#include <algorithm>

#include "proto/clean_header.h"
#include "proto/mailbox.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

void check_fields(std::string_view content) {
  const MessageParts parts = split_message(content);
  std::string joined;
  HeaderReader reader(parts.header);
  while (const auto field = reader.next()) joined.append(field->text);
  expect(joined == parts.header && content.starts_with(parts.header) && content.ends_with(parts.body));
}

void check_completion(std::string_view content) {
  const Domain domain = *Domain::parse("mx.example");
  const HeaderCompletion completion{
      &domain, [](std::string_view address) { return address == "root" ? std::optional<std::string>("a@b.example") : std::nullopt; }};
  std::string once, twice;
  clean_header(split_message(content).header, &completion, once);
  clean_header(once, &completion, twice);
  expect(once == twice);
}

void check_domains(std::string_view text, const std::vector<std::string>& list) {
  const Domain domain = *Domain::parse("mx.example");
  std::size_t most = SIZE_MAX;
  const std::string completed = with_domain(text, domain, most);
  const auto again = parse_address_list(completed);
  expect(again && again->size() == list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto qualified = Mailbox::parse_qualifying(list[i], domain);
    const auto completed_one = Mailbox::parse((*again)[i]);  // needless quotes stay in the text
    expect((*again)[i] == list[i] || (qualified && completed_one && *completed_one == *qualified));
  }
  expect(with_domain(completed, domain, most) == completed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  check_fields(text);
  check_completion(text);
  if (const auto list = parse_address_list(text)) {
    for (const std::string& address : *list) expect(!address.empty() && address.size() <= text.size() * 2);
    check_domains(text, *list);
  }
  const AddressList list = read_address_list(text);
  expect(text.find(list.unreadable) != std::string_view::npos);
  (void)recipients_of_header(text);
  return 0;
}
