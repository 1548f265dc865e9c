// Fuzzes the parser of commands: an accepted one is written back as one clean line that parses to the same value.
#include <algorithm>

#include "proto/command.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

void expect_clean_line(const std::string& line) {
  expect(line.ends_with("\r\n") && line.size() < kMaxCommandLine);
  expect(std::all_of(line.begin(), line.end() - 2, [](char c) { return c >= 32 && c < 127; }));
}

void check_mail(std::string_view argument, const AddressRules& rules) {
  const auto mail = parse_mail_arguments(argument, rules);
  if (!mail) return expect(mail.error().code >= 500 && !mail.error().text.empty());
  const std::string line = format_mail(mail->reverse_path, mail->parameters);
  expect_clean_line(line);
  const auto again = parse_mail_arguments(parse_command(line).argument, {rules.default_domain, AddressForm::smtp});
  expect(again && again->reverse_path == mail->reverse_path && again->parameters.envid == mail->parameters.envid);
}

void check_rcpt(std::string_view argument, const AddressRules& rules) {
  const auto rcpt = parse_rcpt_arguments(argument, rules);
  if (!rcpt) return expect(rcpt.error().code >= 500 && !rcpt.error().text.empty());
  const std::string line = format_rcpt(rcpt->mailbox, {rcpt->notify, rcpt->original_recipient});
  expect_clean_line(line);
  const auto again = parse_rcpt_arguments(parse_command(line).argument, {rules.default_domain, AddressForm::smtp});
  expect(again && again->mailbox == rcpt->mailbox && again->original_recipient == rcpt->original_recipient);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line(text_of(data, size));
  const Command command = parse_command(line);
  for (const AddressForm form : {AddressForm::smtp, AddressForm::submission}) {
    const AddressRules rules{*Domain::parse("here.example"), form};
    check_mail(command.argument, rules);
    check_rcpt(command.argument, rules);
  }
  if (const auto name = parse_hello_argument(command.argument)) expect(!name->empty() && name->size() <= 255);
  return 0;
}
