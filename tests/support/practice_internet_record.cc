// Writes mail and events of the practice internet into a folder.
#include "tests/support/practice_internet_record.h"

#include <cstdio>

namespace mxpress::testing {

PracticeRecord::PracticeRecord(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_ / "mail");
  events_.open(folder_ / "events.jsonl", std::ios::app | std::ios::binary);
}

void PracticeRecord::delivered(const PracticeMail& mail) {
  const std::string file = "mail/" + std::to_string(++count_) + ".eml";
  std::ofstream(folder_ / file, std::ios::binary) << mail.content;
  std::string recipients;
  for (const std::string& recipient : mail.recipients) recipients += (recipients.empty() ? "" : ",") + json_string(recipient);
  write("{\"event\":\"delivered\",\"host\":" + json_string(mail.host) + ",\"hello\":" + json_string(mail.hello) +
        ",\"sender\":" + json_string(mail.sender) + ",\"recipients\":[" + recipients + "],\"tls\":" + (mail.tls ? "true" : "false") +
        ",\"file\":" + json_string(file) + "}");
}

void PracticeRecord::event(const std::string& name, std::initializer_list<std::pair<std::string, std::string>> values) {
  std::string line = "{\"event\":" + json_string(name);
  for (const auto& [key, value] : values) line += "," + json_string(key) + ":" + json_string(value);
  write(line + "}");
}

void PracticeRecord::write(const std::string& line) { events_ << line + "\n" << std::flush; }

std::string json_string(const std::string& text) {
  std::string json = "\"";
  for (const unsigned char octet : text) {
    char escaped[8];
    if (octet < 0x20 || octet >= 0x7f || octet == '"' || octet == '\\') {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", octet);
      json += escaped;
    } else {
      json += static_cast<char>(octet);
    }
  }
  return json + "\"";
}

}  // namespace mxpress::testing
