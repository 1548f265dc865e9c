// The record of the practice internet: each message as a file, each event as a line of JSON. The scripts read both.
#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace mxpress::testing {

struct PracticeMail {
  std::string host;
  std::string hello;
  std::string sender;                   // as in MAIL FROM:<...>, with parameters
  std::vector<std::string> recipients;  // as in RCPT TO:<...>, with parameters
  std::string content;                  // as sent, CRLF line ends, without dot stuffing
  bool tls = false;
};

// FOLDER/events.jsonl and FOLDER/mail/N.eml. One thread.
class PracticeRecord {
 public:
  explicit PracticeRecord(std::filesystem::path folder);

  // The file is complete before the event names it.
  void delivered(const PracticeMail& mail);
  // Anything else: {"event": ..., key: value...}
  void event(const std::string& name, std::initializer_list<std::pair<std::string, std::string>> values);

 private:
  void write(const std::string& line);
  std::filesystem::path folder_;
  std::ofstream events_;
  int count_ = 0;
};

std::string json_string(const std::string& text);

}  // namespace mxpress::testing
