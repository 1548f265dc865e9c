// See arrivals.h.
#include "tests/bench/arrivals.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace mxpress::bench {

namespace {

// The value of the field with this name, in any spelling that a relay may give it.
std::string_view value_of(std::string_view header, std::string_view name) {
  const auto same = [](char a, char b) { return std::tolower(a) == std::tolower(b); };
  for (std::size_t begin = 0; begin < header.size();) {
    const auto line = header.substr(begin, header.find('\n', begin) - begin);
    if (line.size() > name.size() && std::equal(name.begin(), name.end(), line.begin(), same)) return line.substr(name.size());
    begin += line.size() + 1;
  }
  return {};
}

std::size_t count_of(std::string_view header, std::string_view name) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = header.find(name, at)) != header.npos; at += name.size()) count += at == 0 || header[at - 1] == '\n';
  return count;
}

}  // namespace

void Arrivals::add(std::string_view header, std::size_t body, const std::vector<std::string>& recipients) {
  last_ = now();
  if (keys_.empty()) first_ = last_;
  ++transactions_;
  const std::string stamp(value_of(header, "X-Bench:"));
  if (!stamp.empty()) {  // smtp-source's messages have none
    char* rest = nullptr;
    waits_.push_back(last_ - std::strtoll(stamp.c_str(), &rest, 10));
    if (knows_domain_of(recipients)) warm_waits_.push_back(waits_.back());
    if (std::strtoull(rest, nullptr, 10) != body) ++damaged_;
  }
  signatures_ += count_of(header, "DKIM-Signature:");
  const auto id = value_of(header, "Message-ID:");
  for (const auto& recipient : recipients) count(id, recipient);
}

// True if an earlier message has come for the first recipient's domain.
bool Arrivals::knows_domain_of(const std::vector<std::string>& recipients) {
  if (recipients.empty()) return false;
  const std::string_view recipient = recipients.front();
  return !domains_.insert(std::hash<std::string_view>()(recipient.substr(recipient.rfind('@') + 1))).second;
}

void Arrivals::count(std::string_view id, std::string_view recipient) {
  keys_.push_back(std::hash<std::string>()(std::string(id) + " " + std::string(recipient)));
  if (tell_ == 0 || keys_.size() % tell_ != 0) return;
  std::printf(R"({"arrived":%zu,"at":%lld})"
              "\n",
              keys_.size(), static_cast<long long>(last_));
}

std::string Arrivals::report() {
  const auto all = keys_.size();
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  char text[640];
  std::snprintf(
      text, sizeof text,
      R"("arrived":%zu,"distinct":%zu,"damaged":%zu,"signatures":%zu,"transactions":%zu,"first":%lld,"last":%lld,"wait_ms":%s,"warm_wait_ms":%s)",
      all, keys_.size(), damaged_, signatures_, transactions_, static_cast<long long>(first_), static_cast<long long>(last_),
      describe(waits_).c_str(), describe(warm_waits_).c_str());
  return text;
}

}  // namespace mxpress::bench
