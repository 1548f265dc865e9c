// A message whose delivery is checked: mxpress check --message.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mta/content/data_source.h"
#include "proto/mail_data.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::check {

struct Findings;

// In memory, with CRLF line ends, as sendmail would hand it in. Fields that mxpressd adds are not there.
class Message final : public content::DataSource {
 public:
  // An Error names the file. At most `most` octets of the file.
  static Result<Message> read(const boost::filesystem::path& file, std::uint64_t most);
  static Result<Message> parse(std::string_view text);

  std::uint64_t size() const override { return text_.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override;

  const proto::ContentFacts& facts() const { return facts_; }
  std::string_view header() const { return std::string_view(text_).substr(0, header_end_); }

 private:
  Message() = default;
  std::string text_;
  std::size_t header_end_ = 0;
  proto::ContentFacts facts_;
};

// What would become of the message on its way, and what receivers may object to: a sentence each, printable. `findings`: of a check with
// it.
std::vector<std::string> message_notes(const Message& message, const Config& config, const Findings& findings);

}  // namespace mxpress::mta::check
