// A message for the tests of mailboxes.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <boost/filesystem/path.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "mta/mailstore/stored_text.h"
#include "mta/system/descriptor.h"
#include "tests/support/temp_folder.h"

namespace mxpress::test {

inline std::string octets_of(const boost::filesystem::path& path) {
  std::ifstream file(path.string(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_octets(const boost::filesystem::path& path, const std::string& octets) {
  std::ofstream(path.string(), std::ios::binary | std::ios::trunc) << octets;
}

// One whose content is a file in a folder of its own.
class SomeMail {
 public:
  explicit SomeMail(const std::string& content = "Subject: hello\r\n\r\nHow are you?\r\n") {
    put_octets(folder_.path() / "content", content);
    size_ = static_cast<std::int64_t>(content.size());
    file_ = mta::system::Descriptor(::open((folder_.path() / "content").c_str(), O_RDONLY | O_CLOEXEC));
  }
  operator mta::mailstore::Mail() const { return {file_.get(), 0, size_, "alice@there.example", "bob@here.example", id, 1'700'000'000}; }

  std::string id = "00000A000001";

 private:
  TempFolder folder_;
  mta::system::Descriptor file_;
  std::int64_t size_ = 0;
};

inline const std::string kFrontOfSomeMail =
    "From alice@there.example Tue Nov 14 22:13:20 2023\nReturn-Path: <alice@there.example>\nDelivered-To: bob@here.example\n";

}  // namespace mxpress::test
